#include "slurm/task_check.hpp"

#include "base/log.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"
#include "job/environment.hpp"
#include "job/task_input.hpp"
#include "slurm/site_check.hpp"
#include "units/argument_expansion.hpp"
#include "units/input_file.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <filesystem>

namespace kiln::cli {
namespace {

namespace fs = std::filesystem;

// Of each of them; "" where they differ, or the shell says.
std::string program_of(const job::RunOptions& run) {
  const std::string command = run.array ? run.array->command : run.arguments ? run.arguments->command : "";
  const std::string first = command.substr(0, command.find_first_of(" \t\n"));
  const bool plain = first.find_first_of("{}$`'\"\\*?[;&|<>()~=") == std::string::npos;
  return plain && first.find('/') != std::string::npos ? first : "";
}

std::uint64_t count_units(const job::RunOptions& run) {
  if (run.arguments) return units::ArgumentExpansion(*run.arguments, units::read_file).count();
  return job::load_tasks(run, job::Environment()).size();
}

std::string source_of(const job::RunOptions& run) {
  return run.task_file.empty() ? "this line" : for_message(run.task_file);
}

}  // namespace

std::uint64_t workers_of(const SlurmRunCommand& command, const job::Partition* partition) {
  if (command.run.workers) return *command.run.workers;
  const std::uint64_t on_nodes = cpus_of_a_node(command, partition) * std::max<std::uint64_t>(1, command.nodes);
  const std::uint64_t asked = request_of(command, "", "").cpus;
  return (asked != 0 ? asked : on_nodes) / std::max(command.run.cpus_per_unit, 1U);
}

void check_tasks(const SlurmRunCommand& command, const job::Partition* partition) {
  job::RunOptions run = command.run;
  if (const SbatchOption* const folder = find(command.options, "--chdir")) {
    if (run.task_file.empty()) return;
    run.task_file = fs::path(*folder->value) / run.task_file;
  }
  std::error_code ignored;
  if (!run.task_file.empty() && !fs::exists(run.task_file, ignored)) return;  // which is said elsewhere
  const std::string program = program_of(run);
  if (!program.empty() && !fs::exists(program, ignored)) {
    log::warning("there is no {} here: each command would fail", for_message(program));
  }
  try {
    const std::uint64_t units = count_units(run);
    if (units == 0) {
      throw Error(ExitCode::bad_input,
                  fmt::format("{} has no commands: the job would have nothing to do", source_of(run)));
    }
    const std::uint64_t workers = workers_of(command, partition);
    if (units < workers) {
      log::warning("{} has {}, and the job gets {} workers: so many CPUs have nothing to do; ask for fewer",
                   source_of(run), units == 1 ? "1 command" : fmt::format("{} commands", format_count(units)),
                   format_count(workers));
    }
  } catch (const Error& error) {
    if (command.submit) throw;
    log::warning("{}", error.what());
  }
}

}  // namespace kiln::cli
