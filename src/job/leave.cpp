#include "job/leave.hpp"

#include "base/log.hpp"
#include "base/quantity.hpp"
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

bool buries_too_much(const net::Transport& transport, const Execution& execution) {
  std::size_t bytes = transport.buried();
  if (execution.buried_in_collectives) bytes += execution.buried_in_collectives();
  if (bytes <= execution.most_buried) return false;
  log::warning(
      "this rank leaves: it keeps {} of messages from and to ranks that are gone, which must stay while it lives, and "
      "may keep {}; what it has in hand runs elsewhere",
      format_size(bytes), format_size(execution.most_buried));
  return true;
}

void leave_at_once(int exit_code) {
  std::cout.flush();
  std::fflush(nullptr);  // NOLINT(cert-err33-c): nobody is left to hear of it
  std::_Exit(exit_code);
}

}  // namespace kiln::job
