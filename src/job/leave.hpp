#pragma once

#include "job/waiter.hpp"
#include "job/worker_side.hpp"
#include "net/transport.hpp"

/// How a process ends when some rank is gone: MPI_Finalize would wait for it.
namespace kiln::job {

/// Until everything has left that can, two seconds at most.
void flush(net::Transport& transport, Waiter& waiter);

/// Whether this rank keeps more of what was given up with ranks that are gone than Execution::most_buried. A rank that
/// does is to leave: only the end of its process gives that memory back. Says so, where it does.
bool buries_too_much(const net::Transport& transport, const Execution& execution);

/// Ends the process at once, after flushing stdio: no destructors, no handlers of exit().
[[noreturn]] void leave_at_once(int exit_code);

}  // namespace kiln::job
