#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

/// The processes of a launch on this host: its ranks, their helpers, and mpirun. They are known by the launch's id in
/// the environment that they were started with; the commands of units do not have it, their helpers end them.
namespace kiln::job {

struct LaunchProcess {
  pid_t pid = -1;
  bool helper = false;           ///< ends the commands of its rank when that has gone
  std::uint64_t ranks_here = 0;  ///< a rank: so many were started on this host, as MPI has told it; else 0
};

/// A file of /proc/PID; empty where it may not be read, and of a process that ends meanwhile.
std::string read_proc(pid_t pid, const char* name);

/// Those that live, but for the caller.
std::vector<LaunchProcess> processes_of_launch(const std::string& launch_id);

/// Whether one of its ranks on this host is stopped, by a signal or a debugger.
bool has_stopped_ranks(const std::string& launch_id);

enum class EndLaunch { patiently, at_once };

/// Ends them: those that do not go by themselves, then helpers that do not either; what is stopped, too. Helpers that
/// are stopped are continued first, as they end the commands of their rank. Waits up to a few seconds (`at_once`: only
/// for the helpers, and less); false where some are left. Never signals any other process.
bool end_launch(const std::string& launch_id, EndLaunch how = EndLaunch::patiently);

/// Children of a process that are ranks of the launch and live; none where the system does not tell.
std::vector<pid_t> rank_children(pid_t pid, const std::string& launch_id);

/// Whether a process has children that have not ended; true where the system does not tell.
bool has_children(pid_t pid);
/// Whether it has some that have ended, and that it has not asked for; false where the system does not tell.
bool has_ended_children(pid_t pid);

}  // namespace kiln::job
