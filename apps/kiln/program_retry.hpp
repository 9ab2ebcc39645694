#pragma once

#include "args/option_parser.hpp"

#include <string>
#include <vector>

namespace kiln::cli {

/// Whether the directory is the run of a program; false where it is no run.
bool is_program_run(const std::string& directory);

/// `kiln retry` of a program's run: this process becomes the program, started as its newest launch was, with --retry
/// and the options given here. Returns only under mpirun, on ranks that leave an error to the first one. Throws
/// kiln::Error: usage for an option that programs do not take, bad_input where the program is not there any more or
/// was built anew, run_directory where nobody noted how it was started.
int retry_program(const std::string& directory, const std::vector<args::GivenOption>& given);

}  // namespace kiln::cli
