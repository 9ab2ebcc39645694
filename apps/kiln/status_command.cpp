#include "status_command.hpp"

#include "output.hpp"
#include "show_text.hpp"
#include "status_report.hpp"
#include "watch_command.hpp"

#include <kiln/exit_code.hpp>

namespace kiln::cli {

int show_status(const StatusCommand& command) {
  if (command.watch) return watch_status(command);
  const StatusReport report = read_report(command.directory, store::LivenessClock::real());
  if (command.json) {
    print(status_json(report));
  } else {
    print_folded(status_text(report));
  }
  return to_int(ExitCode::ok);
}

}  // namespace kiln::cli
