#pragma once

#include "slurm/sbatch_options.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What each task of a job array had for itself, as kiln deals it out among the tasks of one job.
namespace kiln::cli {

struct ArrayNeeds {
  std::vector<std::string> words;      ///< of kiln run
  std::vector<SbatchOption> job;       ///< of the new job, in the place of the old ones
  std::vector<std::string> variables;  ///< NAME=VALUE: what Slurm told each task and would not tell in the new job
  std::vector<std::string> notes;      ///< what is otherwise, or cannot be, a line each
  std::uint64_t processes = 1;         ///< of a task
  bool limits_workers = false;         ///< so many fit on a node, and no more
  bool several_nodes = false;          ///< of a task: no such task can run in it
};

/// `options`: of the old script, each once; `name`: the script. Throws kiln::Error (bad_input) that begins with `name`
/// for a value that sbatch would not take.
ArrayNeeds array_needs(const std::vector<SbatchOption>& options, const std::string& name);

/// Whether it is the option of one of those.
bool says_need(std::string_view option);

}  // namespace kiln::cli
