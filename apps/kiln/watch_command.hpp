#pragma once

#include "command_line.hpp"

namespace kiln::cli {

/// `kiln status --watch`, to standard output: in place on a terminal, else block after block, until the run has ended
/// or a signal asks for the end. Throws as read_report does.
int watch_status(const StatusCommand& command);

}  // namespace kiln::cli
