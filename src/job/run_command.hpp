#pragma once

#include "job/run_options.hpp"

#include <string>
#include <vector>

namespace kiln::job {

/// `kiln run` and `kiln retry`: outside MPI starts mpirun with the same arguments; inside, this rank's part of the run.
/// `arguments`: argv without the program's name. Call before any thread is started. Returns the exit code. Throws
/// kiln::Error for what is wrong before the run begins.
int run_command(const RunOptions& options, const std::vector<std::string>& arguments);

}  // namespace kiln::job
