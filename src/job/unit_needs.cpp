#include "job/unit_needs.hpp"

#include "base/quantity.hpp"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <fstream>
#include <kiln/error.hpp>
#include <tuple>

namespace kiln::job {
namespace {

[[noreturn]] void refuse(const std::string& why) { throw Error(ExitCode::usage, why); }

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(','));
    if (!part.empty()) parts.emplace_back(part);
    text.remove_prefix(std::min(text.size(), part.size() + 1));
  }
  return parts;
}

// Slurm may say "0-3".
std::vector<std::string> expanded(const std::vector<std::string>& parts) {
  std::vector<std::string> all;
  for (const std::string& part : parts) {
    const std::size_t dash = part.find('-');
    const auto first = parse_count(part.substr(0, dash));
    const auto last = dash == std::string::npos ? first : parse_count(part.substr(dash + 1));
    if (!first || !last || *last < *first || *last - *first > 1024) {
      all.push_back(part);
      continue;
    }
    for (std::uint64_t i = *first; i <= *last; ++i) all.push_back(fmt::format("{}", i));
  }
  return all;
}

int topology(std::uint32_t cpu, const char* what) {
  std::ifstream file(fmt::format("/sys/devices/system/cpu/cpu{}/topology/{}", cpu, what));
  int value = 0;
  file >> value;
  return value;
}

void set_variable(std::vector<std::string>& environment, std::string_view name, const std::string& value) {
  std::erase_if(environment, [&](std::string_view entry) {
    return entry.size() > name.size() && entry.starts_with(name) && entry[name.size()] == '=';
  });
  environment.push_back(fmt::format("{}={}", name, value));
}

std::uint32_t room_on(const Host& host, const RunOptions& options, std::size_t gpus) {
  std::uint64_t room = host.cpus / std::max(options.cpus_per_unit, 1U);
  if (options.gpus_per_unit != 0) room = std::min<std::uint64_t>(room, gpus / options.gpus_per_unit);
  return static_cast<std::uint32_t>(room);
}

std::uint64_t room_on(const std::vector<Host>& hosts, const RunOptions& options, std::size_t gpus) {
  std::uint64_t room = 0;
  for (const Host& host : hosts) room += room_on(host, options, gpus);
  return room;
}

}  // namespace

Placement place_workers(const RunOptions& options, const std::vector<Host>& hosts, std::size_t gpus) {
  if (options.gpus_per_unit != 0 && gpus < options.gpus_per_unit) {
    refuse(fmt::format(
        "--gpus-per-unit {}: {} here (CUDA_VISIBLE_DEVICES, SLURM_STEP_GPUS, SLURM_JOB_GPUS); ask Slurm for "
        "them, --gres=gpu:{}",
        options.gpus_per_unit, gpus == 0 ? "no GPU is known" : fmt::format("{} are known", gpus),
        options.gpus_per_unit));
  }
  const std::uint64_t room = room_on(hosts, options, gpus);
  if (room == 0) {
    std::uint32_t largest = 0;
    for (const Host& host : hosts) largest = std::max(largest, host.cpus);
    refuse(fmt::format("--cpus-per-unit {}: no machine of this run has more than {} CPUs for it", options.cpus_per_unit,
                       largest));
  }
  if (options.workers && *options.workers > room) {
    refuse(
        fmt::format("-n {}: with {} there is room for {} here; leave -n out, or ask for more", *options.workers,
                    options.gpus_per_unit != 0 ? "these --cpus-per-unit and --gpus-per-unit" : "this --cpus-per-unit",
                    room == 1 ? "1 worker" : fmt::format("{} workers", room)));
  }
  Placement placement;
  const auto wanted = static_cast<std::uint32_t>(options.workers ? *options.workers : room);
  for (const Host& host : hosts) {
    const std::uint32_t here = std::min(room_on(host, options, gpus), wanted - placement.workers);
    const bool first = placement.hosts.empty();
    placement.workers += here;
    const std::uint32_t slots = here + (first && !options.coordinator_works ? 1 : 0);
    if (!host.name.empty() && slots != 0) {
      placement.hosts += fmt::format("{}{}:{}", first ? "" : ",", host.name, slots);
    }
  }
  return placement;
}

Placement place_workers_left(RunOptions options, const std::vector<Host>& hosts, std::size_t gpus) {
  const std::uint64_t room = room_on(hosts, options, gpus);
  if (room == 0) return {};
  if (options.workers) options.workers = static_cast<std::uint32_t>(std::min<std::uint64_t>(*options.workers, room));
  return place_workers(options, hosts, gpus);
}

std::string placement_note(const RunOptions& options, const std::vector<Host>& hosts, std::size_t gpus) {
  if (options.gpus_per_unit == 0 || options.workers) return "";
  RunOptions without = options;
  without.gpus_per_unit = 0;
  const std::uint64_t workers = room_on(hosts, options, gpus), by_cpus = room_on(hosts, without, gpus);
  if (workers >= by_cpus) return "";
  return fmt::format("--gpus-per-unit {}: {} on each machine make {}, where the CPUs would do for {}",
                     options.gpus_per_unit, gpus == 1 ? "1 GPU" : fmt::format("{} GPUs", gpus),
                     workers == 1 ? "1 worker" : fmt::format("{} workers", workers), by_cpus);
}

std::string allocation_note(const RunOptions& options, std::uint32_t slurm_cpus, std::uint32_t cpus_per_task) {
  if (slurm_cpus == 0 || options.cpus_per_unit != 0) return "";
  if (options.workers && *options.workers > slurm_cpus) {
    return fmt::format("-n {}: this job has {}, which the workers share", *options.workers,
                       slurm_cpus == 1 ? "1 CPU" : fmt::format("{} CPUs", slurm_cpus));
  }
  if (options.workers || options.gpus_per_unit != 0 || cpus_per_task < 2) return "";
  return fmt::format(
      "this job was asked for with {0} CPUs a task, and kiln starts a worker for each CPU, {1} of them: "
      "--cpus-per-unit {0} gives each command {0} CPUs",
      cpus_per_task, slurm_cpus);
}

std::vector<Host> parse_hosts(const std::string& text) {
  std::vector<Host> hosts;
  for (const std::string& part : split(text)) {
    const std::size_t colon = part.rfind(':');
    const auto cpus = colon == std::string::npos ? std::nullopt : parse_count(part.substr(colon + 1));
    hosts.push_back({part.substr(0, colon), static_cast<std::uint32_t>(cpus.value_or(1))});
  }
  return hosts;
}

std::vector<std::string> visible_gpus(const Variables& variables) {
  for (const char* name : {"CUDA_VISIBLE_DEVICES", "SLURM_STEP_GPUS", "SLURM_JOB_GPUS"}) {
    const auto found = variables.find(name);
    if (found != variables.end() && !found->second.empty()) return expanded(split(found->second));
  }
  return {};
}

std::vector<std::uint32_t> usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<std::uint32_t> cpus;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  for (std::uint32_t cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  std::ranges::sort(cpus, {}, [](std::uint32_t cpu) {
    return std::tuple(topology(cpu, "physical_package_id"), topology(cpu, "core_id"), cpu);
  });
  return cpus;
}

std::string take_place(exec::CommandSetup& setup, Rank rank, std::int32_t local_rank,
                       const std::vector<std::uint32_t>& cpus, const std::vector<std::string>& gpus) {
  const exec::UnitNeeds needs = setup.needs;
  // The ranks of the first host are the first ones; the coordinator is among them and mostly does not work.
  const bool first_host = rank.value() == local_rank;
  const auto index = static_cast<std::size_t>(std::max(0, local_rank - (first_host ? setup.first_worker : 0)));
  std::string note;
  if (needs.cpus != 0) {
    set_variable(setup.environment, "OMP_NUM_THREADS", fmt::format("{}", needs.cpus));
    const std::size_t first = index * needs.cpus;
    if (first + needs.cpus <= cpus.size()) {
      setup.cpus.assign(cpus.begin() + static_cast<std::ptrdiff_t>(first),
                        cpus.begin() + static_cast<std::ptrdiff_t>(first + needs.cpus));
    } else {
      note = fmt::format("worker {} of this machine is bound to no CPUs: it has {}, and each unit gets {}", index + 1,
                         cpus.size(), needs.cpus);
    }
  }
  if (needs.gpus != 0) {
    const std::size_t first = index * needs.gpus;
    if (first + needs.gpus > gpus.size()) {
      refuse(
          fmt::format("--gpus-per-unit {}: worker {} of this machine has none left, {} are known here; use fewer "
                      "workers (-n)",
                      needs.gpus, index + 1, gpus.size()));
    }
    const auto begin = gpus.begin() + static_cast<std::ptrdiff_t>(first);
    const std::vector<std::string> own(begin, begin + static_cast<std::ptrdiff_t>(needs.gpus));
    set_variable(setup.environment, "CUDA_VISIBLE_DEVICES", fmt::format("{}", fmt::join(own, ",")));
  }
  return note;
}

}  // namespace kiln::job
