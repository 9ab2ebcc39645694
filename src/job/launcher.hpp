#pragma once

#include "job/environment.hpp"
#include "job/run_options.hpp"

#include <string>
#include <vector>

namespace kiln::job {

/// The words of the mpirun that runs `program` on `workers` ranks and the coordinator's.
std::vector<std::string> mpirun_words(const RunOptions& options, std::uint32_t workers, const std::string& program,
                                      const std::vector<std::string>& arguments);

/// How many workers a run gets: as asked, else one a CPU of the Slurm allocation, else one a core that this process may
/// use.
std::uint32_t worker_count(const RunOptions& options, const Environment& environment);

/// The path of this program. Throws kiln::Error (internal) where the system does not say.
std::string own_program();

/// Starts mpirun with this program and these arguments, shows the run's progress, passes signals on as what Open MPI
/// can take, and returns the run's outcome as the journal tells it: the exit code of this launch's end, else that of
/// an error before the run began, else stopped_early.
int launch(const RunOptions& options, const Environment& environment, const std::vector<std::string>& arguments);

}  // namespace kiln::job
