#pragma once

#include "job/scratch_folder.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// Open MPI starts its daemons on the other nodes of a Slurm job by one srun, and ends all ranks when that fails, as it
/// does when the last of these nodes is lost. So mpirun finds one that lasts.
namespace kiln::job {

struct SrunFacts {
  std::string srun;              ///< the real one
  std::string path;              ///< the PATH that it gets
  std::filesystem::path status;  ///< status.json of the run
  std::string launch_id;         ///< which that has once the run goes on
};

/// A script for sh: srun, but when one that mpirun has started on nodes fails while the run goes on, and none of these
/// nodes starts a process any more, it stays until mpirun has ended, or has no rank on this machine left (then it is a
/// success). Where a node answers, the failure is mpirun's to see at once: another launch can use that node. `folder`:
/// the script is in there alone; it removes it when it begins.
std::string lasting_srun_script(const SrunFacts& facts, const std::filesystem::path& folder);

/// Such an srun in a folder of its own, for one mpirun. Gone at the end of this, or when mpirun has used it.
class LastingSrun {
 public:
  /// Where it cannot be made, mpirun finds the real one.
  LastingSrun(const SrunFacts& facts, const std::filesystem::path& temporary);

  /// What the environment of mpirun must have, "NAME=value".
  const std::vector<std::string>& variables() const { return variables_; }

 private:
  std::optional<ScratchFolder> folder_;
  std::vector<std::string> variables_;
};

}  // namespace kiln::job
