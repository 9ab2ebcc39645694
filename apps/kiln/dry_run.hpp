#pragma once

#include "job/run_options.hpp"

namespace kiln::cli {

/// `kiln run --dry-run`: the commands on standard output, each with a newline behind it. Returns the exit code. Throws
/// kiln::Error for what is wrong with them.
int print_dry_run(const job::RunOptions& options);

}  // namespace kiln::cli
