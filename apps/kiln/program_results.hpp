#pragma once

#include "command_line.hpp"
#include "store/run_reader.hpp"

namespace kiln::cli {

/// `kiln results` of a program's run: what is in it, or the rows, value or unit asked for. Chooses tables of the run.
/// Throws kiln::Error: usage where options or names do not fit it, bad_input where a unit or value is not there yet.
int show_program_results(store::RunReader& run, const ResultsCommand& command);

}  // namespace kiln::cli
