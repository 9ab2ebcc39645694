#pragma once

#include "job/doctor_mpi.hpp"
#include "job/environment.hpp"
#include "job/finding.hpp"

#include <string>

/// What `kiln doctor` asks of Slurm.
namespace kiln::job {

/// Paths of its programs; "" where they are not on the PATH.
struct SlurmPrograms {
  std::string sbatch, srun, squeue;
};

Findings examine_slurm(const SlurmPrograms& programs, const Variables& variables, const Ask& ask);

}  // namespace kiln::job
