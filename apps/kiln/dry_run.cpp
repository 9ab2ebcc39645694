#include "dry_run.hpp"

#include "job/task_input.hpp"
#include "output.hpp"

#include <kiln/exit_code.hpp>

#include <string>

namespace kiln::cli {

int print_dry_run(const job::RunOptions& options) {
  constexpr std::size_t kGathered = std::size_t{1} << 18;
  std::string gathered;
  job::print_commands(options, [&gathered](std::string_view text) {
    gathered += text;
    if (gathered.size() < kGathered) return;
    print(gathered);
    gathered.clear();
  });
  print(gathered);
  return to_int(ExitCode::ok);
}

}  // namespace kiln::cli
