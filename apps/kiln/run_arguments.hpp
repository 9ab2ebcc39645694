#pragma once

#include "args/run_words.hpp"
#include "job/run_options.hpp"

#include <string>
#include <vector>

namespace kiln::cli {

using args::check_run_words;
using args::RunWords;

/// The options of `kiln run`, with the words behind them: the task file, or a command and its values, or with --array
/// those of the command. Throws kiln::Error (usage).
job::RunOptions run_options(const RunWords& words, const std::vector<std::string>& rest);

/// The options of `kiln retry DIR`. Throws kiln::Error (usage).
job::RunOptions retry_options(const RunWords& words, const std::string& directory);

/// The run directory of a task file, in the working directory: "jobs/tasks.txt" gives "tasks.kiln", "-" "stdin.kiln".
std::string default_directory(const std::string& task_file);

/// The run directory of a command with values, from the name of its program: "gzip -9 {}" gives "gzip.kiln".
std::string default_directory_of_command(const std::string& command);

}  // namespace kiln::cli
