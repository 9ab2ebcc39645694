#pragma once

#include "command_line.hpp"

#include <string>
#include <vector>

namespace kiln::cli {

/// `kiln help [TOPIC]`; also `--man` and `--markdown`, from which the man page and docs/options.md are made.
ShowText help_command(const std::vector<std::string>& words);

/// `kiln completion bash`.
ShowText completion_command(const std::vector<std::string>& words);

/// " kiln results has it." for an option ("--failed") of other commands; "" where none has it.
std::string option_owners(const std::string& name);

}  // namespace kiln::cli
