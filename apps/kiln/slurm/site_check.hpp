#pragma once

#include "job/slurm_programs.hpp"
#include "job/slurm_site.hpp"
#include "slurm/slurm_commands.hpp"

#include <chrono>
#include <cstdint>
#include <vector>

/// Whether the Slurm of this machine can grant what `kiln slurm run` would ask for.
namespace kiln::cli {

/// The time limit of a job that names none.
inline constexpr std::chrono::seconds kUsualTime = std::chrono::hours(1);

/// The job gets its nodes whole: nothing was said that shares them.
bool wants_whole_nodes(const std::vector<SbatchOption>& options);

/// CPUs that the job gets on a node; 0 where that is not known before. `partition`: or nullptr.
std::uint64_t cpus_of_a_node(const SlurmRunCommand& command, const job::Partition* partition);

/// What partitions have a word in. `account` and `partition`: where no option names one, "" for none.
job::JobRequest request_of(const SlurmRunCommand& command, const std::string& partition, const std::string& account);

/// Asks Slurm, where there is one. Throws kiln::Error (usage) for what it would never start; says what is doubtful. A
/// job that names no time gets less than kUsualTime where the partition allows no more. Returns the partition that the
/// job goes to; none where that is not known.
std::vector<job::Partition> check_site(SlurmRunCommand& command, const job::SlurmTools& slurm);

}  // namespace kiln::cli
