#pragma once

#include <span>
#include <string>
#include <vector>

namespace kiln::cli {

/// What stands behind a command's options; completions offer it.
enum class Operand { file, run_directory, directory, topic, shell, slurm };

/// One word of `kiln WORD`: the only list of them.
struct CommandInfo {
  const char* name;
  const char* operand;  ///< as help shows it; "" for none
  const char* summary;
  Operand kind;
};

std::span<const CommandInfo> commands();

/// Their names, for messages and completions.
std::vector<std::string> command_names();

/// `kiln --help`: what kiln is, its commands, an example.
std::string top_help();

}  // namespace kiln::cli
