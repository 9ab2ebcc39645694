#pragma once

#include "job/program_thread.hpp"
#include "job/run_options.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace kiln::job {

/// A user's program as a run needs it.
struct ProgramFacts {
  std::string name;
  std::uint64_t inputs = 0;  ///< digest of its own options
  ProgramBody body;
  // What another launch that goes on with the run is to be told.
  std::vector<std::string> options, operands;
};

/// A program's run: outside MPI starts mpirun with the same arguments; inside, this rank's part of the run. As
/// run_command.
int run_program(const RunOptions& options, const std::vector<std::string>& arguments, const ProgramFacts& program);

}  // namespace kiln::job
