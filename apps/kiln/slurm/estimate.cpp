#include "slurm/estimate.hpp"

#include "base/log.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"
#include "command_line.hpp"
#include "job/environment.hpp"
#include "job/mpirun_words.hpp"
#include "job/slurm_programs.hpp"
#include "job/slurm_site.hpp"
#include "output.hpp"
#include "show_text.hpp"
#include "store/run_reader.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <variant>

namespace kiln::cli {
namespace {

using std::chrono::seconds;

constexpr std::size_t kMostMeasured = 1'000'000;
constexpr std::uint64_t kMostNodes = 100'000;
constexpr double kStep = 15 * 60;

seconds whole(double count) { return seconds(static_cast<std::int64_t>(std::ceil(std::min(count, 1e12)))); }

// What is there already.
struct Trial {
  std::vector<double> times;
  std::uint64_t left = 0;
  std::uint64_t cpus_per_unit = 1;
};

// What the run was begun with.
std::uint64_t cpus_per_unit(const store::RunFacts& facts) {
  try {
    const Command begun = parse_command_line(facts.arguments);
    const auto* const run = std::get_if<RunCommand>(&begun);
    return run == nullptr ? 1 : std::max(run->options.cpus_per_unit, 1U);
  } catch (const Error& error) {  // of another kiln, or changed since
    log::debug("{}", error.what());
    return 1;
  }
}

Trial read_trial(const std::string& directory) {
  const store::RunReader run = store::RunReader::open(directory);
  if (run.is_program()) {
    throw Error(
        ExitCode::usage,
        fmt::format("{} is the run of a program, whose units are not timed one by one: say how many units a CPU "
                    "does in an hour, with --units-per-hour and --units",
                    for_message(directory)));
  }
  Trial trial;
  const store::Totals totals = run.totals();
  trial.cpus_per_unit = cpus_per_unit(run.directory().facts());
  trial.left = totals.units - std::min(totals.units, totals.done + totals.failed);
  const auto column = run.column("units/seconds");
  if (!column) return trial;
  run.for_each_while(store::RunReader::Which::all, [&](const store::UnitRecord& unit) {
    if (unit.rows != nullptr && unit.done) trial.times.push_back(unit.rows->at<double>(*column, unit.row));
    return trial.times.size() < kMostMeasured;
  });
  return trial;
}

std::uint64_t cpus_of_a_node(const SlurmEstimateCommand& command) {
  if (command.cpus != 0) return command.cpus;
  const job::SlurmTools slurm;
  if (const auto partitions = job::ask_partitions(slurm.find("scontrol"), slurm.find("sinfo"), slurm.ask())) {
    job::JobRequest request;
    request.partition = command.partition;
    const job::Partition* const one = job::partition_of(request, *partitions);
    if (one != nullptr && one->nodes != 0 && one->cpus >= one->nodes) return one->cpus / one->nodes;
  }
  const std::uint64_t here = job::worker_count({}, job::Environment());
  log::warning("no Slurm says how many CPUs a node has: taken as on this machine, {}; --cpus-per-node says it", here);
  return here;
}

}  // namespace

UnitTimes unit_times(std::vector<double> times) {
  std::erase_if(times, [](double one) { return !std::isfinite(one) || one < 0; });
  UnitTimes found;
  found.units = times.size();
  if (times.empty()) return found;
  std::sort(times.begin(), times.end());
  const auto at = [&](double share) {
    return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
  };
  found.mean = std::accumulate(times.begin(), times.end(), 0.0) / static_cast<double>(times.size());
  found.median = at(0.5);
  found.most = at(0.95);
  found.longest = times.back();
  return found;
}

std::uint64_t at_a_time(const Sizing& sizing) { return std::max<std::uint64_t>(1, sizing.cpus / sizing.cpus_per_unit); }

seconds time_on(const Sizing& sizing, std::uint64_t nodes) {
  const double work = static_cast<double>(sizing.units) * sizing.times.mean;
  // Near the end workers wait for those that still work: half of a long unit in the mean, and one at least.
  const double together = work / static_cast<double>(nodes * at_a_time(sizing)) + sizing.times.most / 2;
  return whole(std::max(together, sizing.units == 0 ? 0 : sizing.times.longest));
}

seconds limit_for(seconds expected) {
  const double wanted = static_cast<double>(expected.count()) * 1.25 + 300;
  return whole(std::ceil(wanted / kStep) * kStep);
}

std::optional<std::uint64_t> nodes_within(const Sizing& sizing, seconds limit) {
  const auto fits = [&](std::uint64_t nodes) { return limit_for(time_on(sizing, nodes)) <= limit; };
  if (!fits(kMostNodes)) return std::nullopt;
  std::uint64_t least = 1, most = kMostNodes;
  while (least < most) {
    const std::uint64_t middle = (least + most) / 2;
    if (fits(middle)) {
      most = middle;
    } else {
      least = middle + 1;
    }
  }
  return least;
}

std::string estimate_text(const Sizing& sizing, std::uint64_t wanted_nodes, const job::TimeLimit& wanted_time) {
  const UnitTimes& t = sizing.times;
  const double work = static_cast<double>(sizing.units) * t.mean * static_cast<double>(sizing.cpus_per_unit);
  std::string out = fmt::format("{} units to run, {} each{}: {} CPU hours\n", format_count(sizing.units),
                                format_duration(from_seconds(t.mean)),
                                sizing.cpus_per_unit == 1 ? "" : fmt::format(" on {} CPUs", sizing.cpus_per_unit),
                                format_count(static_cast<std::uint64_t>(std::ceil(work / 3600))));
  if (t.units != 0) {
    out +=
        fmt::format("measured on {}: half took up to {}, 95 of 100 up to {}, the longest {}\n",
                    t.units == 1 ? "1 unit" : format_count(t.units) + " units", format_duration(from_seconds(t.median)),
                    format_duration(from_seconds(t.most)), format_duration(from_seconds(t.longest)));
  }
  out += fmt::format("\n{:>8}  {:>8}  {:>10}  {}\n", "nodes", "CPUs", "takes", "ask for --time");
  const seconds shortest(static_cast<std::int64_t>(kStep));
  for (std::uint64_t nodes = 1; nodes <= 4096; nodes *= 2) {
    const seconds expected = time_on(sizing, nodes);
    out += fmt::format("{:>8}  {:>8}  {:>10}  {}\n", nodes, nodes * sizing.cpus, format_duration(expected),
                       job::format_slurm_time(limit_for(expected)));
    if (limit_for(expected) <= shortest || nodes * at_a_time(sizing) >= sizing.units) break;
  }
  std::uint64_t nodes = wanted_nodes;
  job::TimeLimit limit = wanted_time;
  if (nodes == 0) {
    const seconds within = wanted_time.value_or(std::chrono::hours(4));
    const auto enough = nodes_within(sizing, within);
    if (!enough) {
      return out + fmt::format(
                       "\nNo number of nodes does it within {}: a job that goes on does, with a --time above the "
                       "longest unit\n",
                       job::format_slurm_time(within));
    }
    nodes = *enough;
  }
  if (!limit) limit = limit_for(time_on(sizing, nodes));
  out += fmt::format("\nkiln slurm run -N {} --time {}{} …\n", nodes, job::format_slurm_time(limit),
                     sizing.cpus_per_unit == 1 ? "" : fmt::format(" --cpus-per-unit {}", sizing.cpus_per_unit));
  const auto jobs =
      std::ceil(static_cast<double>(time_on(sizing, nodes).count()) / static_cast<double>(limit->count()));
  if (jobs > 1) out += fmt::format("That is about {:.0f} jobs, one after the other.\n", jobs);
  return out;
}

int show_estimate(const SlurmEstimateCommand& command) {
  Sizing sizing;
  if (!command.directory.empty()) {
    Trial trial = read_trial(command.directory);
    sizing.times = unit_times(std::move(trial.times));
    sizing.units = command.units.value_or(trial.left);
    sizing.cpus_per_unit = trial.cpus_per_unit;
    if (sizing.times.units == 0 && command.per_hour == 0) {
      throw Error(ExitCode::bad_input,
                  fmt::format("no unit of {} has succeeded yet, so nothing was measured: let it run "
                              "longer, or say --units-per-hour",
                              for_message(command.directory)));
    }
    if (sizing.units == 0) {
      throw Error(ExitCode::usage,
                  fmt::format("nothing is left to do in {}; for other units of the same kind: --units N",
                              for_message(command.directory)));
    }
  } else {
    sizing.units = command.units.value_or(0);
  }
  if (command.per_hour > 0) {
    const double each = 3600 / command.per_hour;
    sizing.times = {0, each, each, each, each};
  }
  if (command.cpus_per_unit != 0) sizing.cpus_per_unit = command.cpus_per_unit;
  sizing.cpus = cpus_of_a_node(command);
  if (sizing.cpus < sizing.cpus_per_unit) {
    throw Error(ExitCode::usage, fmt::format("a unit gets {} CPUs (--cpus-per-unit), and a node has {}",
                                             sizing.cpus_per_unit, sizing.cpus));
  }
  print_folded(estimate_text(sizing, command.nodes, command.time));
  return to_int(ExitCode::ok);
}

}  // namespace kiln::cli
