#pragma once

#include "job/slurm_site.hpp"
#include "slurm/slurm_commands.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace kiln::cli {

/// `kiln slurm run`: prints the script, or submits it and says where to look. Throws kiln::Error: usage for what the
/// partitions do not allow, bad_input for a file that cannot be read or a job that Slurm does not take.
int make_job(const SlurmRunCommand& command);

/// The script. `program`: the path of kiln; `prelude`: the lines of --prelude.
std::string script_of(const SlurmRunCommand& command, const std::string& program, const std::string& prelude);

/// What may not be meant so, a line each. `partition`: where it goes, nullptr where that is not known.
std::vector<std::string> doubts_about(const SlurmRunCommand& command, const job::Partition* partition);

/// How many seconds before the time limit the job is warned: kiln's grace and a commit fit into it, and it into the
/// limit.
std::uint64_t lead_seconds(const SlurmRunCommand& command);

/// The job's number in what `sbatch --parsable` said; "" where there is none.
std::string job_number(const std::string& said);

}  // namespace kiln::cli
