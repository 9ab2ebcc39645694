#include "program_options.hpp"

#include "base/text.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

namespace kiln::cli {

void refuse_for_program(const std::string& directory, const std::string& option, const std::string& why) {
  throw Error(ExitCode::usage, fmt::format("{} is for runs of commands, and {} is the run of a program: {}", option,
                                           for_message(directory), why));
}

void refuse_command_options(const std::string& directory, const SelectionOptions& options) {
  if (options.slow) refuse_for_program(directory, "--slow", "its units have no times of their own");
  if (!options.columns.empty()) {
    refuse_for_program(directory, "--columns", "its units have no output to take values from; --only chooses columns");
  }
}

void refuse_program_options(const std::string& directory, const SelectionOptions& options) {
  const char* const option = !options.table.empty()     ? "--table"
                             : !options.reduced.empty() ? "--reduced"
                             : options.stage            ? "--stage"
                                                        : nullptr;
  if (option == nullptr) return;
  throw Error(ExitCode::usage,
              fmt::format("{} is for runs of programs, and {} is a run of commands: it has one table, a row a unit",
                          option, for_message(directory)));
}

}  // namespace kiln::cli
