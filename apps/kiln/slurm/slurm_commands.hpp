#pragma once

#include "job/run_options.hpp"
#include "job/slurm_time.hpp"
#include "slurm/sbatch_options.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kiln::cli {

/// `kiln slurm run`.
struct SlurmRunCommand {
  std::vector<std::string> typed;     ///< the words behind `kiln slurm run`
  std::vector<SbatchOption> options;  ///< of sbatch
  std::vector<std::string> texts;     ///< --sbatch
  std::string prelude;                ///< a file; "": none
  bool chain = false;
  bool submit = false;
  std::optional<job::TimeLimit> time;  ///< --time; nothing: not given
  std::uint64_t nodes = 1;             ///< --nodes, the least; 0: what it says is Slurm's alone
  job::RunOptions run;
  std::vector<std::string> words;  ///< behind `kiln run`, without sbatch's options
};

/// `kiln slurm again`.
struct SlurmAgainCommand {
  std::string directory;
  int code = 75;  ///< that the run has ended with
};

}  // namespace kiln::cli
