#include "help/commands.hpp"

#include <fmt/core.h>

#include <array>

namespace kiln::cli {

std::span<const CommandInfo> commands() {
  static constexpr std::array kCommands{
      CommandInfo{"run", "TASKS", "run a file of commands, or one for each value; again: go on", Operand::file},
      CommandInfo{"status", "DIR", "how a run stands, while it runs and afterwards", Operand::run_directory},
      CommandInfo{"results", "DIR", "what came of each unit: a table, CSV, JSON, its output", Operand::run_directory},
      CommandInfo{"export", "DIR", "the results as files: CSV, JSON, a joblog, HDF5, outputs", Operand::run_directory},
      CommandInfo{"retry", "DIR", "run the units that failed again", Operand::run_directory},
      CommandInfo{"slurm", "run TASKS", "make, or submit, a Slurm job that runs it and goes on", Operand::slurm},
      CommandInfo{"doctor", "[DIR]", "what this machine offers a run, and what to change", Operand::directory},
      CommandInfo{"completion", "bash", "print the completions of a shell", Operand::shell},
      CommandInfo{"help", "[TOPIC]", "all topics, or the text of one", Operand::topic},
  };
  return kCommands;
}

std::vector<std::string> command_names() {
  std::vector<std::string> names;
  for (const CommandInfo& command : commands()) names.emplace_back(command.name);
  return names;
}

std::string top_help() {
  std::string text = R"(kiln runs large batches of independent commands on all cores of a machine or a
cluster, through MPI, and keeps every result in one HDF5 file.

Usage: kiln COMMAND …

Commands:
)";
  for (const CommandInfo& command : commands()) {
    text += fmt::format("  {:<18}{}\n", fmt::format("{} {}", command.name, command.operand), command.summary);
  }
  return text + R"(
  kiln COMMAND --help    its options, with an example
  kiln --version         its version, and those of MPI, HDF5 and Boost

Examples:
  seq 1 100 | sed 's/.*/sleep 0.1; echo &/' > tasks.txt
  kiln run tasks.txt           # results in tasks.kiln/results.h5
  kiln run gzip -9 ::: *.log   # results in gzip.kiln
)";
}

}  // namespace kiln::cli
