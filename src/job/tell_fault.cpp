#include "job/tell_fault.hpp"

#include "base/log.hpp"
#include "job/link.hpp"

#include <kiln/error.hpp>

namespace kiln::job {

int tell_fault(const std::exception& fault) {
  if (const auto* error = dynamic_cast<const Error*>(&fault)) {
    log::error("{}", error->what());
    return to_int(error->code());
  }
  log::error("a fault of kiln's own: {}; please report it", fault.what());
  return to_int(ExitCode::internal);
}

void send_home(net::Transport& transport, Waiter& waiter, int exit_code) {
  Link link(transport, protocol::Stamp{});
  for (std::int32_t rank = 1; rank < transport.size(); ++rank) link.send(Rank(rank), protocol::Stop{exit_code});
  while (transport.unsent() != 0) waiter.pause(std::chrono::milliseconds(1));
}

}  // namespace kiln::job
