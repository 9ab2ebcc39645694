#pragma once

#include "job/environment.hpp"
#include "job/run_options.hpp"

#include <string>

namespace kiln::job {

/// What becomes of this run when a rank dies, where that is less than it could be, and what to do about it; "" where
/// any rank may die, and where it is not known. `library`: as net::mpi_library_version.
std::string recovery_note(const RunOptions& options, const Environment& environment, const std::string& library);

/// How long a rank of this run may be silent; zero where nobody is declared dead: as the options say, and under an
/// mpirun that ends all ranks with the first one, whose deaths would look like those of single ranks.
Duration heartbeat_of(const RunOptions& options, const Environment& environment);

}  // namespace kiln::job
