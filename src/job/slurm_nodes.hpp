#pragma once

#include "job/ask.hpp"
#include "job/environment.hpp"
#include "job/unit_needs.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace kiln::job {

/// Which nodes of this Slurm job still start a process.
struct SlurmNodes {
  std::string hosts;                ///< as mpirun's --host; "": all of them, or nobody can say
  std::uint32_t cpus = 0;           ///< of these; 0 with hosts ""
  std::vector<std::string> silent;  ///< the others
};

/// The nodes of this job with their CPUs; none outside of one, or where nobody can say.
std::vector<Host> slurm_hosts(const Variables& variables, const std::string& scontrol, const Ask& ask);

/// Asks each node of the job by srun, all at the same time; a job of one node is not asked. `scontrol`, `srun`: paths.
/// Where no node answers, that says something of srun and nothing of the nodes: all are taken.
SlurmNodes find_slurm_nodes(const Variables& variables, const std::string& scontrol, const std::string& srun,
                            const Ask& ask);

}  // namespace kiln::job
