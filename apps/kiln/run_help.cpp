#include "run_help.hpp"

namespace kiln::cli {

std::string_view run_usage() {
  return R"(Runs the commands of a task file, one a line, or a command for each value, and
keeps what came of each in a run directory. The same command again goes on where
it stopped.

Usage: kiln run [OPTIONS] TASKS            (TASKS is -: standard input)
       kiln run [OPTIONS] COMMAND ::: VALUES
       kiln run [OPTIONS] COMMAND :::: FILES
       kiln run [OPTIONS] --array 1-1000 COMMAND
       mpirun -n 4 kiln run [OPTIONS] TASKS
)";
}

std::string_view run_footer() {
  return R"(
Options stand before COMMAND; those of a lone TASKS may stand behind it. COMMAND
is the shell's; {} in it stands for the value, {1} {2} for that of the first and
second source; kiln help values has all of it.

TIME is 30s, 500ms, 1.5m, 2h or 1h30m; SIZE is 4096, 64KiB or 1.5MiB.

Exit codes: 0 all done; 1 some units failed, or --max-failures reached; 2 usage;
  3 bad input; 4 run directory unusable; 70 a fault of kiln's own; 75 stopped
  early, run again to go on.

Examples: three tries each, ten minutes at most, on eight cores
  kiln run -n 8 --retries 2 --timeout 10m tasks.txt
  kiln run 'xz -9 -c {} > out/{/}.xz' ::: *.log
  kiln run --dry-run ./solve --grid {1} --seed {2} ::: 16 32 64 ::: 1 2 3
)";
}

std::string_view retry_usage() {
  return R"(Runs the failed units of a run again, and what else is not done. The run
directory is all it needs. A program is started again as it was started last,
with --retry.

Usage: kiln retry [OPTIONS] DIR
)";
}

std::string_view retry_footer() {
  return R"(
Exit codes: as of kiln run.

Example: those that took too long once more, with more time
  kiln retry --timeout 1h --where status==timeout tasks.kiln
)";
}

std::string_view status_usage() {
  return R"(Says how a run stands: from its live status while it runs, else from its
journal.

Usage: kiln status [OPTIONS] DIR
)";
}

std::string_view status_footer() {
  return R"(
With --watch it ends when the run does, or at Ctrl-C; what is not written to a
terminal gets one block after the other.

Exit codes: 0 shown, however the run ended; 2 usage; 4 DIR is no run directory,
  or cannot be read.

Examples:
  kiln status tasks.kiln
  kiln status --watch tasks.kiln
)";
}

std::string_view results_usage() {
  return R"(Shows what came of each unit, as far as it is committed. Of a program's run:
its stages, tables and values, or the rows, value or unit asked for.

Usage: kiln results [OPTIONS] DIR
)";
}

std::string_view results_footer() {
  return R"(
CONDITION compares the columns of --csv: == != < <= > >=, ~ and !~ for regular
expressions; and, or, not, parentheses; kiln help filters has all of it.

Exit codes: 0 shown; 2 usage; 3 there is no such unit, or it has not ended, or
  the stage of a value is not over; 4 DIR is no run directory, or
  cannot be read.

Examples:
  kiln results --failed tasks.kiln
  kiln results --slow 3 tasks.kiln
  kiln results --where "status==timeout or stderr~'out of memory'" tasks.kiln
  kiln results --unit 17 --stderr tasks.kiln
  kiln results --csv --only unit,command,seconds tasks.kiln > tasks.csv
  kiln results --table options --where 'strike>100' montecarlo.kiln
  kiln results --reduced quantiles montecarlo.kiln
)";
}

std::string_view export_usage() {
  return R"(Writes the results of a run, as far as it is committed, as files. Each appears
complete or not at all.

Usage: kiln export [OPTIONS] DIR
)";
}

std::string_view export_footer() {
  return R"(
Exit codes: 0 written; 2 usage; 3 a file cannot be written, or is there already;
  4 DIR is no run directory, or cannot be read.

Examples:
  kiln export --csv tasks.csv tasks.kiln
  kiln export --joblog - --failed tasks.kiln
  kiln export --hdf5 slow.h5 --where 'seconds>10m' tasks.kiln
  kiln export --csv options.csv --table options montecarlo.kiln
)";
}

std::string_view doctor_usage() {
  return R"(Looks at what a run needs here: MPI and its mpirun, HDF5, the file system of DIR
(default: the working directory), cores, memory, limits, Slurm; and runs a few
commands over MPI. Each line begins with good, note or bad and says what to
change. It leaves nothing behind.

Usage: kiln doctor [OPTIONS] [DIR]
)";
}

std::string_view doctor_footer() {
  return R"(Exit codes: 0 nothing is bad; 1 something is; 2 usage.

Examples:
  kiln doctor
  kiln doctor --json /scratch/me > doctor.json
)";
}

}  // namespace kiln::cli
