#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kiln::job {

/// What the environment says of where this process runs. Read here and nowhere else.
struct Environment {
  /// What --until of this launch asks for.
  struct AskedEnd {
    double time = 0;    ///< Unix seconds
    bool first = true;  ///< the job, if there is one, does not end before that
  };
  std::optional<std::int32_t> mpi_rank;  ///< nothing outside mpirun and srun
  std::int32_t mpi_size = 1;
  std::int32_t mpi_local_rank = 0;  ///< among those on this machine
  std::int32_t mpi_ranks_here = 1;  ///< on this machine; mpi_size where nobody says
  std::string launch_id;            ///< of the launcher that started this rank; "" by hand
  // Of a launch that goes on with an earlier one of the same launcher, whose ranks are gone:
  std::string first_launch_id;                 ///< the first of them that began the run; "" where none did
  std::string previous_launch_id;              ///< the last one; ""
  bool launcher_logs = false;                  ///< its progress is a log
  std::string slurm_job_id;                    ///< "" outside Slurm
  std::optional<double> slurm_job_end;         ///< Unix seconds; of Slurm versions that say so
  std::optional<double> stop_time;             ///< by the launcher that started this rank: as its function stop_time
  std::optional<AskedEnd> until;               ///< by that launcher; nothing where --until names no time
  std::uint32_t slurm_cpus = 0;                ///< of the whole allocation; 0 outside Slurm or where it does not say
  std::vector<std::uint32_t> slurm_node_cpus;  ///< the same, of each node; empty
  std::uint64_t slurm_memory = 0;  ///< bytes of this job on this machine; 0 outside Slurm or where it does not say
  std::string temporary_directory = "/tmp";
  /// Whether the mpirun around us goes on when one of its ranks has died; nothing where it does not say.
  std::optional<bool> survives_deaths;

  bool inside_mpi() const { return mpi_rank.has_value(); }
  bool first_rank() const { return mpi_rank.value_or(0) == 0; }
  bool launched() const { return !launch_id.empty(); }
  /// This launch goes on with the run of an earlier one, which has done what only the first does.
  bool goes_on() const { return !first_launch_id.empty(); }
};

Environment read_environment();

/// All variables as they are, for those who look at what the user has set: `kiln doctor`.
using Variables = std::map<std::string, std::string>;
Variables read_variables();

/// The CPUs of each node that SLURM_JOB_CPUS_PER_NODE stands for: "2(x3),1" is 2, 2, 2, 1; nothing where it does not
/// parse.
std::optional<std::vector<std::uint32_t>> parse_slurm_cpu_list(const std::string& text);
/// All of them together.
std::optional<std::uint32_t> parse_slurm_cpus(const std::string& text);

/// The name under which a launcher passes its id to the ranks.
inline constexpr const char* kLaunchIdName = "KILN_LAUNCH_ID";
inline constexpr const char* kFirstLaunchName = "KILN_FIRST_LAUNCH_ID";
inline constexpr const char* kStopTimeName = "KILN_STOP_TIME";
inline constexpr const char* kUntilName =
    "KILN_UNTIL";  ///< Unix seconds, and " first" where the job does not end before
inline constexpr const char* kTellPlanName = "KILN_TELL_PLAN";  ///< not empty: the launcher's progress is a log
inline constexpr const char* kPreviousLaunchName = "KILN_PREVIOUS_LAUNCH_ID";

}  // namespace kiln::job
