#include "job/slurm_memory.hpp"

#include "base/quantity.hpp"
#include "job/memory_budget.hpp"
#include "job/unit_needs.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace kiln::job {
namespace {

constexpr std::uint64_t kMebi = std::uint64_t{1} << 20;

std::string for_fewer(const MemoryNeed& need) {
  const std::uint64_t fit = need.memory / need.of_unit;
  if (fit == 0) return "";
  if (need.nodes == 1) return fmt::format(", or have {} at a time: -n {}", fit, fit);
  if (need.cpus <= fit) return "";
  return fmt::format(", or have fewer at a time: --cpus-per-unit {}", need.cpus / (fit + 1) + 1);
}

std::uint64_t on_first_node(const RunOptions& options, const std::vector<std::uint32_t>& cpus, std::uint32_t workers,
                            const std::string& hosts) {
  if (!hosts.empty()) return parse_hosts(hosts).front().cpus - (options.coordinator_works ? 0 : 1);
  if (cpus.size() == 1) return workers;
  return std::min(workers, cpus.front());
}

}  // namespace

std::string memory_note(const MemoryNeed& need) {
  if (need.of_unit == 0 || need.at_a_time == 0 || need.memory == 0) return "";
  if (need.of_unit <= need.memory / need.at_a_time) return "";
  const std::uint64_t wanted = need.of_unit * need.at_a_time;
  return fmt::format("--mem-per-unit {}: {} may take {} on a node, and the job has {} there: ask Slurm for --mem={}M{}",
                     format_size(need.of_unit),
                     need.at_a_time == 1 ? "1 command" : fmt::format("{} commands at a time", need.at_a_time),
                     format_size(wanted), format_size(need.memory), (wanted + kMebi - 1) / kMebi, for_fewer(need));
}

MemoryNeed memory_need(const RunOptions& options, const Environment& environment, std::uint32_t workers,
                       const std::string& hosts) {
  if (environment.slurm_job_id.empty() || environment.slurm_node_cpus.empty()) return {};
  MemoryNeed need;
  need.of_unit = options.memory_per_unit;
  need.at_a_time = on_first_node(options, environment.slurm_node_cpus, workers, hosts);
  need.cpus = environment.slurm_node_cpus.front();
  need.nodes = environment.slurm_node_cpus.size();
  need.memory = memory_here(environment);
  return need;
}

std::optional<std::uint64_t> parse_slurm_memory(std::string_view text) {
  constexpr std::string_view kUnits = "KMGT";
  unsigned shift = 20;
  if (!text.empty()) {
    const char last = text.back() >= 'a' ? static_cast<char>(text.back() - 'a' + 'A') : text.back();
    if (const std::size_t place = kUnits.find(last); place != std::string_view::npos) {
      shift = 10 * (static_cast<unsigned>(place) + 1);
      text.remove_suffix(1);
    }
  }
  const auto count = parse_count(text);
  if (!count || *count > UINT64_MAX >> shift) return std::nullopt;
  return *count << shift;
}

}  // namespace kiln::job
