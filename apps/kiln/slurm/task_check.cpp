#include "slurm/task_check.hpp"

#include "base/log.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"
#include "job/environment.hpp"
#include "job/task_input.hpp"
#include "slurm/convert.hpp"
#include "slurm/site_check.hpp"
#include "units/argument_expansion.hpp"
#include "units/input_file.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

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

bool is_program(const std::string& file) {
  std::string start(4, '\0');
  std::ifstream(file, std::ios::binary).read(start.data(), 4);
  return start ==
         "\x7f"
         "ELF";
}

// Of the task file, or of the script that each command is: a text that names srun by its path has lines to look at.
void warn_of_srun(const SlurmRunCommand& command, const job::RunOptions& run, const std::string& program) {
  if (command.nodes == 1) return;  // 0: nobody knows
  const std::string& file = run.task_file.empty() ? program : run.task_file;
  constexpr std::uintmax_t kMostRead = 64U << 20U;
  std::error_code error;
  std::vector<std::size_t> lines;
  const std::string typed = run.array ? run.array->command : run.arguments ? run.arguments->command : "";
  std::string where = "the command";
  if (!srun_lines(typed).by_path.empty()) {
    lines.push_back(1);
  } else if (!file.empty() && fs::file_size(file, error) <= kMostRead && !error && !is_program(file)) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    std::string all = text.str();
    if (!run.task_file.empty() || all.starts_with("#!")) lines = srun_lines(all).by_path;
    if (!lines.empty()) where = fmt::format("{}:{}", for_message(file), lines.front());
  }
  if (lines.empty()) return;
  log::warning(
      "{}: on several nodes srun by its path would wait for ever for CPUs that kiln's workers have: write the word "
      "srun "
      "alone, which starts on the node of the command; or leave it out, one worker runs one command",
      where);
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
  warn_of_srun(command, run, program);
  try {
    if (!run.task_file.empty() && is_program(run.task_file)) {
      throw Error(
          ExitCode::bad_input,
          fmt::format("{0} is a program, not a list of commands: of the kiln library: kiln slurm script program "
                      "> job.sbatch; sbatch job.sbatch {0}; any other: kiln slurm run {0} ::: VALUES",
                      for_message(run.task_file)));
    }
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
