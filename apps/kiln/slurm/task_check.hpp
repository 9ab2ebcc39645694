#pragma once

#include "job/slurm_site.hpp"
#include "slurm/slurm_commands.hpp"

#include <cstdint>

namespace kiln::cli {

/// The workers that a job gets; 0 where that is not known before. `partition`: or nullptr.
std::uint64_t workers_of(const SlurmRunCommand& command, const job::Partition* partition);

/// Reads the commands as the job would. Where it would refuse them, or there are none, that is thrown (kiln::Error)
/// with
/// --submit, and said without it. Says where there are fewer of them than workers.
void check_tasks(const SlurmRunCommand& command, const job::Partition* partition);

}  // namespace kiln::cli
