#pragma once

#include "command_line.hpp"

namespace kiln::cli {

/// `kiln export`: writes what was asked for, reads the run once for all but HDF5. Throws kiln::Error: run_directory
/// where it is no run, bad_input where a file cannot be written, usage where a name does not fit the run.
int export_results(const ExportCommand& command);

}  // namespace kiln::cli
