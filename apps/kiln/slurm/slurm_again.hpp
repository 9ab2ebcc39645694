#pragma once

#include "slurm/slurm_commands.hpp"

namespace kiln::cli {

/// `kiln slurm again`: one line to standard output; 0 where the job shall go on, else 1.
int say_whether_again(const SlurmAgainCommand& command);

}  // namespace kiln::cli
