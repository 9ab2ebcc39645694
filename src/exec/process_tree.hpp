#pragma once

#include "base/time.hpp"

#include <sys/types.h>

#include <vector>

namespace kiln::exec {

/// All living processes below this one, in other groups and sessions too. Zombies are left out.
std::vector<pid_t> descendants();

/// Bytes of memory that they have resident, together; what several of them share counts for each. Costs by the number
/// of these, not by that of all processes.
std::uint64_t resident_bytes();

/// Sends the signal to all of them; false when there was somebody, and none of them could be sent it (they belong to
/// another user).
bool signal_descendants(int signal);

/// Reaps every child that has ended. False when there are no children left.
bool reap_children();

/// Ends everything below this process, which must be a subreaper: first SIGTERM and up to `patience` of waiting (0:
/// not at all), then SIGKILL again and again. `child_signals` is a signalfd of SIGCHLD. False when some would not die
/// within seconds (they hang in the kernel, or belong to another user).
bool end_descendants(int child_signals, Duration patience);

}  // namespace kiln::exec
