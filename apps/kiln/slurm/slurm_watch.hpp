#pragma once

#include "slurm/slurm_commands.hpp"

namespace kiln::cli {

/// `kiln slurm watch`: to the end of the job. The exit code.
int watch_first_node(const SlurmWatchCommand& command);

}  // namespace kiln::cli
