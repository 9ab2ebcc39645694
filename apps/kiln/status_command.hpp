#pragma once

#include "command_line.hpp"

namespace kiln::cli {

/// `kiln status`, to standard output. Changes nothing. Throws kiln::Error (run_directory) where the directory is no
/// run. May take up to two owner deadlines when the owner is on another host and its status is old; with --watch until
/// the run has ended.
int show_status(const StatusCommand& command);

}  // namespace kiln::cli
