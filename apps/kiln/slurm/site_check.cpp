#include "slurm/site_check.hpp"

#include "base/log.hpp"
#include "base/quantity.hpp"
#include "job/environment.hpp"
#include "job/slurm_memory.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <array>

namespace kiln::cli {
namespace {

std::optional<std::uint64_t> number(const SlurmRunCommand& command, const char* name) {
  const SbatchOption* const option = find(command.options, name);
  return option == nullptr ? std::nullopt : parse_count(*option->value);
}

std::uint64_t size(const SlurmRunCommand& command, const char* name) {
  const SbatchOption* const option = find(command.options, name);
  return option == nullptr ? 0 : job::parse_slurm_memory(*option->value).value_or(0);
}

std::string text(const SlurmRunCommand& command, const char* name, const std::string& otherwise) {
  const SbatchOption* const option = find(command.options, name);
  return option == nullptr ? otherwise : *option->value;
}

// "8", "2-8": the last number; 0 where that is Slurm's alone.
std::uint64_t most_nodes(const SlurmRunCommand& command) {
  const SbatchOption* const option = find(command.options, "--nodes");
  if (option == nullptr) return wants_whole_nodes(command.options) ? 1 : 0;
  return parse_count(option->value->substr(option->value->rfind('-') + 1)).value_or(0);
}

// GPUs that the job asks for on a node; nothing where that cannot be said.
std::optional<std::uint64_t> gpus_asked(const SlurmRunCommand& command) {
  for (const char* const name : {"--gpus", "--gpus-per-task", "--gpus-per-socket"}) {
    if (find(command.options, name) != nullptr) return std::nullopt;
  }
  if (const SbatchOption* const option = find(command.options, "--gpus-per-node")) {
    return parse_count(option->value->substr(option->value->rfind(':') + 1));
  }
  if (const SbatchOption* const option = find(command.options, "--gres")) return job::parse_gpus(*option->value);
  if (find(command.options, "--exclusive") != nullptr) return std::nullopt;
  // Whole nodes come with their GPUs; what stands in --sbatch is Slurm's alone.
  if (wants_whole_nodes(command.options) || !command.texts.empty()) return std::nullopt;
  return 0;
}

void check_units(const SlurmRunCommand& command) {
  const std::uint64_t cpus = cpus_of_a_node(command, nullptr);
  if (cpus != 0 && command.run.cpus_per_unit > cpus) {
    throw Error(ExitCode::usage,
                fmt::format("--cpus-per-unit {}: the job asks for {} on a node (--ntasks-per-node), and "
                            "a unit runs on one node",
                            command.run.cpus_per_unit, cpus == 1 ? "1 CPU" : fmt::format("{} CPUs", cpus)));
  }
  const auto gpus = gpus_asked(command);
  if (!gpus || command.run.gpus_per_unit <= *gpus || !command.prelude.empty()) return;
  throw Error(ExitCode::usage,
              fmt::format("--gpus-per-unit {0}: the job asks Slurm for {1} on a node: give --gres=gpu:{0}, or more",
                          command.run.gpus_per_unit,
                          *gpus == 0   ? "no GPU"
                          : *gpus == 1 ? "1 GPU"
                                       : fmt::format("{} GPUs", *gpus)));
}

bool says_memory(const SlurmRunCommand& command) {
  constexpr std::array kAll{"--mem", "--mem-per-cpu", "--mem-per-gpu"};
  const bool option =
      std::any_of(kAll.begin(), kAll.end(), [&](const char* name) { return find(command.options, name) != nullptr; });
  return option || std::any_of(command.texts.begin(), command.texts.end(),
                               [](const std::string& text) { return text.starts_with("--mem"); });
}

std::string variable(const job::Variables& variables, const char* name) {
  const auto found = variables.find(name);
  return found == variables.end() ? "" : found->second;
}

}  // namespace

bool wants_whole_nodes(const std::vector<SbatchOption>& options) {
  constexpr std::array kOthers{"--exclusive",     "--oversubscribe", "--ntasks", "--ntasks-per-node",
                               "--cpus-per-task", "--overcommit",    "--gpus",   "--gpus-per-node"};
  return std::none_of(kOthers.begin(), kOthers.end(), [&](const char* name) { return find(options, name) != nullptr; });
}

std::uint64_t cpus_of_a_node(const SlurmRunCommand& command, const job::Partition* partition) {
  if (const auto tasks = number(command, "--ntasks-per-node")) {
    return *tasks * number(command, "--cpus-per-task").value_or(1);
  }
  return partition != nullptr && wants_whole_nodes(command.options) ? job::cpus_of_a_node(*partition) : 0;
}

job::JobRequest request_of(const SlurmRunCommand& command, const std::string& partition, const std::string& account) {
  job::JobRequest request;
  request.partition = text(command, "--partition", partition);
  request.account = text(command, "--account", account);
  request.nodes = command.nodes;
  request.most_nodes = most_nodes(command);
  request.time = command.time;
  request.memory = size(command, "--mem");
  if (find(command.options, "--overcommit") == nullptr) {
    request.cpus = number(command, "--ntasks").value_or(0) * number(command, "--cpus-per-task").value_or(1);
  }
  request.cpus_per_unit = command.run.cpus_per_unit;
  // What the prelude does may be to say which GPUs there are.
  if (command.prelude.empty()) request.gpus_per_unit = command.run.gpus_per_unit;
  request.quality = find(command.options, "--qos") != nullptr;
  return request;
}

std::vector<job::Partition> check_site(SlurmRunCommand& command, const job::SlurmTools& slurm) {
  check_units(command);
  if (find(command.options, "--clusters") != nullptr) return {};  // another Slurm than this one
  const std::string scontrol = slurm.find("scontrol");
  const auto partitions = job::ask_partitions(scontrol, slurm.find("sinfo"), slurm.ask());
  if (!partitions) {
    log::warning(
        "{}: whether it grants what the job asks for was not checked",
        scontrol.empty() ? "there is no Slurm on this machine" : "Slurm does not answer (scontrol show partition)");
    return {};
  }
  const job::Variables variables = job::read_variables();
  job::JobRequest request =
      request_of(command, variable(variables, "SBATCH_PARTITION"), variable(variables, "SBATCH_ACCOUNT"));
  const job::Partition* const one = job::partition_of(request, *partitions);
  if (one != nullptr && request.memory == 0) {
    request.memory = size(command, "--mem-per-cpu") * cpus_of_a_node(command, one);
  }
  for (const std::string& line : job::check_request(request, *partitions)) log::warning("{}", line);
  if (!command.time) {
    const job::TimeLimit time = job::usual_time(request, *partitions, kUsualTime);
    if (time != kUsualTime) {
      log::info("the job gets --time {}, the most that partition {} allows", job::format_slurm_time(time),
                request.partition.empty() ? one->name : request.partition);
      command.options.push_back({"--time", job::format_slurm_time(time)});
      command.time = time;
    }
  }
  const auto memory = one == nullptr ? std::nullopt : job::memory_to_ask(*one);
  if (memory && !says_memory(command)) {
    const std::string size = fmt::format("{}M", *memory >> 20);
    log::info("the job gets --mem {}, the most that partition {} allows", size, one->name);
    command.options.push_back({"--mem", size});
  }
  return one == nullptr ? std::vector<job::Partition>() : std::vector<job::Partition>{*one};
}

}  // namespace kiln::cli
