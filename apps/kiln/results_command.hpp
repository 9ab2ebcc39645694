#pragma once

#include "command_line.hpp"

namespace kiln::cli {

/// `kiln results`: to standard output what was asked for, to standard error what is wrong with the run directory.
/// Throws kiln::Error: run_directory where it is none, bad_input where there is no such unit.
int show_results(const ResultsCommand& command);

}  // namespace kiln::cli
