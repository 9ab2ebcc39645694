#include "job/tell_fault.hpp"

#include "base/log.hpp"
#include "job/link.hpp"
#include "job/process_watch.hpp"

#include <kiln/error.hpp>

namespace kiln::job {

int exit_code_of(const std::exception& fault) {
  const auto* error = dynamic_cast<const Error*>(&fault);
  return to_int(error != nullptr ? error->code() : ExitCode::internal);
}

int tell_fault(const std::exception& fault) {
  if (dynamic_cast<const Error*>(&fault) != nullptr) {
    log::error("{}", fault.what());
  } else {
    log::error("a fault of kiln's own: {}; please report it", fault.what());
  }
  return exit_code_of(fault);
}

void send_home(net::Transport& transport, Waiter& waiter, int exit_code) {
  Link link(transport);
  for (std::int32_t rank = 1; rank < transport.size(); ++rank) link.send(Rank(rank), protocol::Stop{exit_code});
  while (transport.unsent() != 0) waiter.pause(std::chrono::milliseconds(1));
}

void say_where(net::Transport& transport) {
  Link link(transport);
  for (std::int32_t rank = 1; rank < transport.size(); ++rank) link.send(Rank(rank), own_place());
}

}  // namespace kiln::job
