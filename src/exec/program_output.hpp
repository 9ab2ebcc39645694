#pragma once

#include "base/time.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace kiln::exec {

/// How a program ended that was asked something.
struct ProgramEnd {
  int error = 0;                 ///< errno where it could not be started
  bool late = false;             ///< it was ended, as it had not by itself when its time was up
  bool cancelled = false;        ///< it was ended, as somebody wished
  std::optional<int> exit_code;  ///< nothing when a signal ended it, or it was not started
  std::string output;            ///< standard output and error as they came, at most 1 MiB

  bool well() const { return exit_code == 0; }
};

/// Runs words[0] (a path) in a process group of its own with /dev/null as standard input. After `deadline`, or once
/// `cancelled` (may be empty) says so, the group gets SIGTERM, and SIGKILL where that does not help. Not for the helper
/// process.
ProgramEnd run_program(const std::vector<std::string>& words, const std::vector<std::string>& environment,
                       Duration deadline, const std::function<bool()>& cancelled = {});

}  // namespace kiln::exec
