#pragma once

#include "exec/command_setup.hpp"
#include "job/run_options.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace kiln::job {

/// What every rank needs to run commands as this process would: its environment, umask and working directory.
exec::CommandSetup make_command_setup(const RunOptions& options, const std::filesystem::path& run_directory);

/// The shell for commands, as options name it: bash where there is one.
std::string shell_of(const RunOptions& options);

/// The number of "TERM", "SIGTERM" or "15"; 0 where it is none.
int signal_number(std::string_view name);

std::string host_name();

}  // namespace kiln::job
