#pragma once

#include "base/time.hpp"
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

/// `kiln slurm --estimate`.
struct SlurmEstimateCommand {
  std::string directory;               ///< of a trial run; "" with per_hour
  double per_hour = 0;                 ///< units that a CPU does in an hour; 0: measured
  std::optional<std::uint64_t> units;  ///< to run; nothing: what the trial run has left
  std::uint64_t cpus = 0;              ///< of a node; 0: as Slurm says
  std::uint64_t cpus_per_unit = 0;     ///< 0: as the trial run had it
  std::uint64_t nodes = 0;             ///< 0: as many as it takes
  std::optional<job::TimeLimit> time;  ///< of a job; nothing: not given
  std::string partition;               ///< "": the usual one
};

/// `kiln slurm convert`.
struct SlurmConvertCommand {
  std::string file;
};

/// `kiln slurm again`.
struct SlurmAgainCommand {
  std::string directory;
  std::optional<int> code;  ///< that the run has ended with; nothing: not given
  std::string next;         ///< only keeps in mind that this job goes on; "": not given
  bool options = false;     ///< only says what this job was asked for; without a directory
};

/// `kiln slurm watch`.
struct SlurmWatchCommand {
  std::string directory;
  std::string first;  ///< this node watches that one; "": have other nodes watch this one
  bool cancel = false;
  Duration every = std::chrono::seconds(30);
  Duration patience = std::chrono::seconds(120);
};

}  // namespace kiln::cli
