#pragma once

#include "base/time.hpp"
#include "exec/command_setup.hpp"
#include "observe/print_order.hpp"
#include "observe/progress_display.hpp"
#include "units/argument_words.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kiln::job {

using ProgressMode = observe::DisplayMode;

/// Less is no use: one table of a step by key has 4 MiB, and there are a few.
inline constexpr std::uint64_t kLeastBudget = std::uint64_t{16} << 20;

/// When a run gives up: at this many dead letters, or at this share of all units.
struct Allowance {
  std::optional<std::uint64_t> count;
  std::optional<double> percent;
};

/// In which formats a program's tables are written when it ends.
struct ExportFormats {
  bool csv = false, json = false;
};

/// When a run stops by itself, so that it has ended by then.
struct Until {
  enum class Kind : std::uint8_t { automatic, never, at };  ///< automatic: the end of its job
  Kind kind = Kind::automatic;
  double time = 0;    ///< Unix seconds
  std::string asked;  ///< as typed, where that is a time
};

/// `kiln run --array RANGE COMMAND…`.
struct ArrayJob {
  std::string range;  ///< as typed; checked
  std::string command;
};

/// Everything `kiln run` and `kiln retry` can be told. Checked once, at the door (apps/kiln/run_arguments).
struct RunOptions {
  std::string task_file;                          ///< "-": standard input; "" with `arguments` and `array`
  std::optional<units::ArgumentWords> arguments;  ///< COMMAND ::: ARGS instead of a task file
  std::optional<ArrayJob> array;                  ///< --array RANGE COMMAND instead of a task file
  std::size_t command_words = 0;  ///< words of argv from the task file or the command on, options behind it included
  bool dry_run = false;
  std::string directory;                 ///< --out; default NAME.kiln in the working directory
  std::optional<std::uint32_t> workers;  ///< -n; default one a core (under Slurm: a CPU of the allocation)
  std::uint32_t cpus_per_unit = 0;       ///< of commands: as exec::UnitNeeds, 0 where nothing is said
  std::uint32_t gpus_per_unit = 0;       ///< the same
  std::uint64_t memory_per_unit = 0;     ///< the same
  std::uint32_t retries = 0;             ///< extra tries
  Duration backoff = std::chrono::seconds(1);
  std::optional<Duration> timeout;
  std::optional<Allowance> max_failures;
  bool max_failures_given = true;         ///< false: of a program, whose stages each have their default
  std::optional<Allowance> max_rejected;  ///< of a stage of a program
  std::string batch = "adaptive";
  ExportFormats exports;                     ///< of a program
  std::optional<Duration> checkpoint_every;  ///< default 30s, growing so that it costs under 1 %
  exec::KeepOutput keep_output = exec::KeepOutput::all;
  std::uint64_t output_limit = 64 * 1024;
  observe::PrintMode print = observe::PrintMode::none;
  std::string output_files;                 ///< an exec::OutputPattern; "": none
  std::vector<exec::ResultColumn> columns;  ///< of a new run; one that goes on has its own
  std::string where;                        ///< with retry: a kiln::Condition; "": all dead letters
  Duration grace = std::chrono::seconds(10);
  Duration heartbeat = std::chrono::seconds(5);  ///< a rank silent for so long is dead; 0: nobody is declared dead
  Until until;
  std::uint32_t restarts = 3;                       ///< of mpirun by the launcher, in a row without progress; 0: never
  Duration start_limit = std::chrono::minutes(10);  ///< for all ranks to come up; 0: none
  std::optional<bool>
      speculate;               ///< late units are given to a second worker, too; default: not commands, programs' are
  bool no_rerun_lost = false;  ///< of commands: what a lost rank may have begun is a dead letter
  std::string on_finish;       ///< a command for the shell when the run has ended; "": none
  std::string task_signal;     ///< "": none; "TERM", "SIGUSR2", "10"
  std::string shell;           ///< "": bash where there is one, else sh
  std::uint64_t seed = 0;
  std::optional<std::uint64_t> memory;  ///< of a program: the budget of a rank, kLeastBudget at least
  std::string scratch;                  ///< of a program: where runs of keyed data lie; "": in the run directory
  bool fresh = false;
  bool takeover = false;
  bool coordinator_works = false;
  bool fast_network = false;
  bool retry = false;     ///< `kiln retry`, or --retry of a program: the dead letters again
  bool only_new = false;  ///< of a program: new files of a glob are taken in
  bool verify = false;    ///< of a program: a sample of the units runs twice
  ProgressMode progress = ProgressMode::automatic;
  int verbosity = 0;  ///< -v: 1, -q: -1
};

/// Of a program: how long a unit may go on after it was cancelled before its rank is left without it.
inline Duration give_up_after(const RunOptions& options) {
  return std::clamp<Duration>(options.grace, std::chrono::milliseconds(500), std::chrono::seconds(10));
}

}  // namespace kiln::job
