#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace kiln::job {

/// What the environment says of where this process runs. Read here and nowhere else.
struct Environment {
  std::optional<std::int32_t> mpi_rank;  ///< nothing outside mpirun and srun
  std::int32_t mpi_size = 1;
  std::int32_t mpi_ranks_here = 1;  ///< on this machine; mpi_size where nobody says
  std::string launch_id;            ///< of the launcher that started this rank; "" by hand
  std::string slurm_job_id;         ///< "" outside Slurm
  std::uint32_t slurm_cpus = 0;     ///< of the whole allocation; 0 outside Slurm or where it does not say
  std::string temporary_directory = "/tmp";

  bool inside_mpi() const { return mpi_rank.has_value(); }
  bool first_rank() const { return mpi_rank.value_or(0) == 0; }
  bool launched() const { return !launch_id.empty(); }
};

Environment read_environment();

/// All variables as they are, for those who look at what the user has set: `kiln doctor`.
using Variables = std::map<std::string, std::string>;
Variables read_variables();

/// The CPUs that SLURM_JOB_CPUS_PER_NODE stands for: "2(x3),1" is 7; nothing where it does not parse.
std::optional<std::uint32_t> parse_slurm_cpus(const std::string& text);

/// The name under which a launcher passes its id to the ranks.
inline constexpr const char* kLaunchIdName = "KILN_LAUNCH_ID";

}  // namespace kiln::job
