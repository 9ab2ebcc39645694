#pragma once

#include "job/environment.hpp"
#include "job/run_options.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::job {

/// The options with which an mpirun goes on when one of its ranks has died; by the name of the MPI library that kiln
/// runs with ("Open MPI v4.1.4"), whose mpirun it must be. None for what is not known.
std::vector<std::string> recovery_words(std::string_view library);

/// The words of the mpirun that runs `program` on `workers` ranks and the coordinator's. `recovery`: as recovery_words;
/// `hosts`: as --host, "" where mpirun knows; `variables`: names of those that the ranks get.
std::vector<std::string> mpirun_words(const RunOptions& options, std::uint32_t workers,
                                      const std::vector<std::string>& recovery, const std::string& hosts,
                                      const std::vector<std::string>& variables, const std::string& program,
                                      const std::vector<std::string>& arguments);

/// How many workers a run gets: as asked, else one a CPU of the Slurm allocation, else one a core that this process may
/// use.
std::uint32_t worker_count(const RunOptions& options, const Environment& environment);

/// The cores that this process may use.
std::uint32_t cpus_here();

/// The path of this program. Throws kiln::Error (internal) where the system does not say.
std::string own_program();

}  // namespace kiln::job
