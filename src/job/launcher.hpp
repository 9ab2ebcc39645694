#pragma once

#include "job/environment.hpp"
#include "job/mpirun_words.hpp"
#include "job/run_options.hpp"

#include <string>
#include <vector>

namespace kiln::job {

/// Starts mpirun with this program and these arguments, shows the run's progress, passes signals on as what Open MPI
/// can take, and starts it again from the last checkpoint where all ranks have gone before the run ended
/// (RunOptions::restarts). Returns the run's outcome as the journal tells it: the exit code of the last launch's end,
/// else that of an error before the run began, else stopped_early. Nothing of a launch lives on this host when the next
/// one begins.
int launch(const RunOptions& options, const Environment& environment, const std::vector<std::string>& arguments);

}  // namespace kiln::job
