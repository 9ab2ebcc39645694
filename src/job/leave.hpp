#pragma once

#include "job/waiter.hpp"
#include "net/transport.hpp"

/// How a process ends when some rank is gone: MPI_Finalize would wait for it.
namespace kiln::job {

/// Until everything has left that can, two seconds at most.
void flush(net::Transport& transport, Waiter& waiter);

/// Ends the process at once, after flushing stdio: no destructors, no handlers of exit().
[[noreturn]] void leave_at_once(int exit_code);

}  // namespace kiln::job
