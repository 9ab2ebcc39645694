#pragma once

#include "job/ask.hpp"
#include "job/environment.hpp"
#include "job/finding.hpp"

#include <string>
#include <vector>

/// What `kiln doctor` asks of MPI and of the mpirun on the PATH.
namespace kiln::job {

/// The first line of `mpirun --version` beside the library's own name: are they of one MPI, and of one version?
Finding judge_mpirun(const std::string& path, const Answer& version, const std::string& library);

/// What becomes of a run when a rank dies: by what the library wants of its mpirun, and which options this one takes
/// (--enable-recovery, --with-ft ulfm).
Finding judge_fault_tolerance(const std::string& library, bool recovery, bool ulfm);

/// The transports in force, and what --fast-network would change. `info`: of `ompi_info --parsable`; "" for none.
Finding judge_transports(const std::string& info);

/// All of it. `mpirun`, `ompi_info`: their paths, "" where they are not on the PATH.
Findings examine_mpi(const std::string& library, const std::string& mpirun, const std::string& ompi_info,
                     const Variables& variables, bool root, const Ask& ask);

}  // namespace kiln::job
