#pragma once

namespace kiln {

/// What a run's end means to the shell that started it.
enum class ExitCode : int {
  ok = 0,              ///< every unit is done
  units_failed = 1,    ///< some units are dead letters, or --max-failures was reached
  usage = 2,           ///< the command line is wrong
  bad_input = 3,       ///< a task file or input cannot be used
  run_directory = 4,   ///< the run directory cannot be used
  internal = 70,       ///< a fault of kiln's own
  stopped_early = 75,  ///< stopped before the end; the same command goes on from there
};

constexpr int to_int(ExitCode code) { return static_cast<int>(code); }

}  // namespace kiln
