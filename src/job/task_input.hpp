#pragma once

#include "job/environment.hpp"
#include "job/run_options.hpp"
#include "job/spool.hpp"
#include "units/command_list.hpp"
#include "units/task_file.hpp"

#include <optional>
#include <string>
#include <vector>

/// From the words of the user to the commands of a run. A launcher expands `COMMAND ::: ARGS` itself, where the user's
/// files and pipes are, and gives rank 0 the list as standard input.
namespace kiln::job {

/// What rank 0 is to find on its standard input; nothing where the task file itself is read there. Throws kiln::Error.
std::optional<Spool> spool_input(const RunOptions& options, const Environment& environment);

/// `arguments` as ranks get them and run.json keeps them. The task file comes last. A list of values, which may be too
/// long for a command line, is replaced by ":::: -". No word is a colon alone, which mpirun would take for its own.
std::vector<std::string> rank_arguments(const RunOptions& options, const std::vector<std::string>& arguments);

/// Rank 0: the commands of `kiln run`. Throws kiln::Error.
units::TaskFile load_tasks(const RunOptions& options, const Environment& environment);

/// Throws kiln::Error (run_directory) where the directory holds a run of another command: its results and those of
/// `tasks` would share one file. Task files may change as they like.
void refuse_another_command(const std::string& directory, const units::TaskFile& tasks);

/// `kiln run --dry-run`: each command with a newline behind it, and what begins a stage of a task file; the plan of the
/// stages to the log. Throws kiln::Error.
void print_commands(const RunOptions& options, const units::ByteSink& out);

}  // namespace kiln::job
