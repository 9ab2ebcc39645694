#pragma once

#include "job/run_options.hpp"

namespace kiln::job {

/// `exit_code` says that a run began: then --on-finish is for it.
bool has_run(int exit_code);

/// Runs --on-finish, if there is one, through the shell, with what came of the run in its environment, and waits for
/// it. A signal ends it. What goes wrong is a warning in the log. `inside_mpi`: this is a rank, whose variables of MPI
/// are not for others.
void run_on_finish(const RunOptions& options, int exit_code, bool inside_mpi);

}  // namespace kiln::job
