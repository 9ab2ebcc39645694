#include "slurm/array_needs.hpp"

#include "base/quantity.hpp"
#include "base/text.hpp"
#include "job/slurm_memory.hpp"
#include "slurm/slurm_arguments.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace kiln::cli {
namespace {

constexpr std::array kNeeds{"--nodes",        "--ntasks", "--ntasks-per-node", "--cpus-per-task",
                            "--cpus-per-gpu", "--mem",    "--mem-per-cpu",     "--mem-per-gpu",
                            "--gres",         "--gpus",   "--gpus-per-node",   "--gpus-per-task",
                            "--exclusive"};

// As --mem-per-unit takes it.
std::string size_text(std::uint64_t bytes) {
  constexpr std::array kUnits{"KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  std::uint64_t count = bytes >> 10U;
  for (; unit + 1 < kUnits.size() && count % 1024 == 0 && count != 0; count /= 1024) ++unit;
  return fmt::format("{}{}", count, kUnits.at(unit));
}

class Needs {
 public:
  Needs(const std::vector<SbatchOption>& options, const std::string& name) : options_(options), name_(name) {}

  ArrayNeeds take() {
    take_processes();
    take_gpus();
    take_cpus();
    made_.limits_workers = !made_.words.empty();
    take_memory();
    take_node();
    return std::move(made_);
  }

 private:
  const SbatchOption* given(std::string_view name) const { return find(options_, name); }

  [[noreturn]] void refuse(const SbatchOption& option) const {
    throw Error(ExitCode::bad_input,
                fmt::format("{}: {}: a number is wanted", for_message(name_), sbatch_text(option)));
  }

  std::uint64_t number(std::string_view name, std::uint64_t usual) const {
    const SbatchOption* const option = given(name);
    if (option == nullptr) return usual;
    const auto value = parse_count(option->value.value_or(""));
    if (!value || *value == 0 || *value > 1'000'000) refuse(*option);
    return *value;
  }

  void note(const SbatchOption& option, const std::string& text) {
    made_.notes.push_back(fmt::format("{}: {}", sbatch_text(option), text));
  }

  void take_processes() {
    const SbatchOption* const nodes = given("--nodes");
    std::uint64_t least = 1;
    try {
      if (nodes != nullptr) least = parse_nodes(*nodes->value);
    } catch (const Error&) {
      refuse(*nodes);
    }
    made_.several_nodes = least != 1;
    if (made_.several_nodes) {
      return note(*nodes,
                  fmt::format("each task had several nodes, and here it has one worker on one node: the new script "
                              "cannot do that. Such a task is a job of its own: sbatch {}, as it is",
                              for_message(name_)));
    }
    made_.processes = number("--ntasks", number("--ntasks-per-node", 1));
    if (made_.processes == 1) return;
    made_.variables.push_back(fmt::format("SLURM_NTASKS={}", made_.processes));
    note(*given(given("--ntasks") == nullptr ? "--ntasks-per-node" : "--ntasks"),
         fmt::format(
             "each task was a program of {0} processes: srun, or mpirun -n {0}, starts them on the node of the task; "
             "where one node has not enough CPUs, such a task is a job of its own",
             made_.processes));
  }

  // "gpu", "gpu:2", "gpu:a100:2", "a100:2", "2"; other resources: nothing.
  static std::optional<std::uint64_t> gpus_of(std::string_view item, bool gres) {
    if (gres && item != "gpu" && !item.starts_with("gpu:")) return std::nullopt;
    const std::size_t colon = item.rfind(':');
    const auto count = parse_count(item.substr(colon == std::string_view::npos ? 0 : colon + 1));
    return count ? count : std::optional<std::uint64_t>(gres ? 1 : 0);
  }

  std::uint64_t count_gpus(const SbatchOption& option) const {
    std::uint64_t all = 0;
    std::string_view rest = *option.value;
    while (!rest.empty()) {
      const std::string_view item = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(rest.size(), item.size() + 1));
      all += std::min<std::uint64_t>(gpus_of(item, option.name == "--gres").value_or(0), 100'000);
    }
    return all;
  }

  void take_gpus() {
    for (const char* name : {"--gpus-per-task", "--gpus-per-node", "--gpus", "--gres"}) {
      const SbatchOption* const option = given(name);
      if (option == nullptr) continue;
      const std::uint64_t count = count_gpus(*option);
      const bool of_node = option->name == "--gres" || option->name == "--gpus-per-node";
      made_.job.push_back(of_node ? *option : SbatchOption{"--gpus-per-node", option->value});
      if (count == 0 || gpus_ != 0) continue;
      gpus_ = option->name == "--gpus-per-task" ? count * made_.processes : count;
      made_.words.insert(made_.words.end(), {"--gpus-per-unit", std::to_string(gpus_)});
      note(*option,
           fmt::format("each task gets {} of the GPUs that the job has on a node. With --exclusive these should be all "
                       "that the node has; where your cluster does it otherwise, in {} ask for all of them",
                       gpus_, sbatch_text(made_.job.back())));
    }
  }

  void take_cpus() {
    const std::uint64_t of_gpus =
        given("--cpus-per-gpu") != nullptr && gpus_ != 0 ? number("--cpus-per-gpu", 1) * gpus_ : 1;
    const std::uint64_t of_process = number("--cpus-per-task", 1);
    if (given("--cpus-per-task") != nullptr)
      made_.variables.push_back(fmt::format("SLURM_CPUS_PER_TASK={}", of_process));
    cpus_ = std::max(of_process * made_.processes, of_gpus);
    if (cpus_ > 1) made_.words.insert(made_.words.begin(), {"--cpus-per-unit", std::to_string(cpus_)});
  }

  void take_memory() {
    const std::array<std::pair<const char*, std::uint64_t>, 3> all{
        {{"--mem", 1}, {"--mem-per-cpu", cpus_}, {"--mem-per-gpu", gpus_}}};
    for (const auto& [name, times] : all) {
      const SbatchOption* const option = given(name);
      if (option == nullptr) continue;
      const auto each = job::parse_slurm_memory(*option->value);
      if (!each || *each > (UINT64_MAX >> 21U)) refuse(*option);
      made_.job.push_back({"--mem", "0"});
      if (*each == 0) {
        return note(
            *option,
            "each task had all memory of its node; the job has that (--mem=0) for all tasks on a node together. "
            "For one task a node: --cpus-per-unit with the CPUs of a node");
      }
      if (times == 0) return;
      const std::string size = size_text(*each * times);
      made_.words.insert(made_.words.end(), {"--mem-per-unit", size});
      return note(*option,
                  fmt::format("a task with more than {} is ended (--mem-per-unit), and the job has all memory of its "
                              "nodes (--mem=0). Where that is not enough for all tasks that run at a time, its log "
                              "says what to do",
                              size));
    }
  }

  void take_node() {
    const SbatchOption* const option = given("--exclusive");
    if (option == nullptr || option->value) return;
    note(*option,
         "each task had a node for itself; here tasks share the nodes of the job. For one task a node: --cpus-per-unit "
         "with the CPUs of a node");
  }

  const std::vector<SbatchOption>& options_;
  const std::string& name_;
  ArrayNeeds made_;
  std::uint64_t gpus_ = 0, cpus_ = 1;
};

}  // namespace

ArrayNeeds array_needs(const std::vector<SbatchOption>& options, const std::string& name) {
  return Needs(options, name).take();
}

bool says_need(std::string_view option) { return std::find(kNeeds.begin(), kNeeds.end(), option) != kNeeds.end(); }

}  // namespace kiln::cli
