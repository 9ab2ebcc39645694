#include "job/leave.hpp"

#include "job/clock.hpp"

#include <cstdio>
#include <cstdlib>
#include <iostream>

namespace kiln::job {
namespace {

constexpr Duration kPatience = std::chrono::seconds(2);

}  // namespace

void flush(net::Transport& transport, Waiter& waiter) {
  const Instant until = now() + kPatience;
  while (transport.unsent() != 0 && now() < until) waiter.pause(std::chrono::milliseconds(1));
}

void leave_at_once(int exit_code) {
  std::cout.flush();
  std::fflush(nullptr);  // NOLINT(cert-err33-c): nobody is left to hear of it
  std::_Exit(exit_code);
}

}  // namespace kiln::job
