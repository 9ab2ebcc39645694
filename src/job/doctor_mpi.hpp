#pragma once

#include "job/environment.hpp"
#include "job/finding.hpp"

#include <functional>
#include <string>
#include <vector>

/// What `kiln doctor` asks of MPI and of the mpirun on the PATH.
namespace kiln::job {

/// Asks a program: its words, the first a path. What it says and whether it ended with 0.
struct Answer {
  bool well = false;
  std::string text;
};
using Ask = std::function<Answer(const std::vector<std::string>& words)>;

/// The first line of `mpirun --version` beside the library's own name: are they of one MPI, and of one version?
Finding judge_mpirun(const std::string& path, const Answer& version, const std::string& library);

/// Which options for fault tolerance this mpirun takes.
Finding judge_fault_tolerance(bool recovery, bool ulfm);

/// The transports in force, and what --fast-network would change. `info`: of `ompi_info --parsable`; "" for none.
Finding judge_transports(const std::string& info);

/// All of it. `mpirun`, `ompi_info`: their paths, "" where they are not on the PATH.
Findings examine_mpi(const std::string& library, const std::string& mpirun, const std::string& ompi_info,
                     const Variables& variables, bool root, const Ask& ask);

}  // namespace kiln::job
