#include "slurm/estimate.hpp"

#include "base/log.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"
#include "command_line.hpp"
#include "job/environment.hpp"
#include "job/mpirun_words.hpp"
#include "job/slurm_programs.hpp"
#include "job/slurm_site.hpp"
#include "observe/summary.hpp"
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
constexpr seconds kLongest = std::chrono::days(36'525);  // what takes longer is not told apart
constexpr seconds kUsualLimit = std::chrono::hours(4);

seconds whole(double count) {
  return seconds(static_cast<std::int64_t>(std::ceil(std::min(count, static_cast<double>(kLongest.count())))));
}

std::string span(seconds time) { return time >= kLongest ? ">100 years" : format_duration(time); }

std::string hours_text(double hours) {
  return hours < 1e15 ? format_count(static_cast<std::uint64_t>(std::ceil(hours))) : fmt::format("{:.1g}", hours);
}

// What a job of this limit has for commands: the rest is to commit, and to leave.
seconds usable(seconds limit) { return limit - std::min(seconds(120), limit / 4); }

// What is there already.
struct Trial {
  std::vector<double> times;
  std::uint64_t left = 0;
  std::uint64_t cpus_per_unit = 1, gpus_per_unit = 0;
};

// What the run was begun with.
void read_needs(const store::RunFacts& facts, Trial& trial) {
  try {
    const Command begun = parse_command_line(facts.arguments);
    const auto* const run = std::get_if<RunCommand>(&begun);
    if (run == nullptr) return;
    trial.cpus_per_unit = std::max(run->options.cpus_per_unit, 1U);
    trial.gpus_per_unit = run->options.gpus_per_unit;
  } catch (const Error& error) {  // of another kiln, or changed since
    log::debug("{}", error.what());
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
  read_needs(run.directory().facts(), trial);
  trial.left = totals.units - std::min(totals.units, totals.done + totals.failed);
  const auto column = run.column("units/seconds");
  if (!column) return trial;
  run.for_each_while(store::RunReader::Which::all, [&](const store::UnitRecord& unit) {
    if (unit.rows != nullptr && unit.done) trial.times.push_back(unit.rows->at<double>(*column, unit.row));
    return trial.times.size() < kMostMeasured;
  });
  return trial;
}

// What Slurm says of the partition. Throws for what `kiln slurm run` would refuse.
void ask_site(const SlurmEstimateCommand& command, Sizing& sizing, Bounds& bounds) {
  const job::SlurmTools slurm;
  const auto partitions = job::ask_partitions(slurm.find("scontrol"), slurm.find("sinfo"), slurm.ask());
  if (!partitions || partitions->empty()) return;
  job::JobRequest request;
  request.partition = command.partition;
  request.nodes = request.most_nodes = command.nodes;
  request.time = command.time;
  if (command.cpus == 0) request.cpus_per_unit = sizing.cpus_per_unit;
  request.gpus_per_unit = sizing.gpus_per_unit;
  if (request.partition.empty() && job::partition_of(request, *partitions) == nullptr) return;
  for (const std::string& line : job::check_request(request, *partitions)) log::warning("{}", line);
  const job::Partition& one = *job::partition_of(request, *partitions);
  if (sizing.cpus == 0) sizing.cpus = job::cpus_of_a_node(one);
  for (const job::NodeShape& shape : one.shapes) sizing.gpus = std::max(sizing.gpus, shape.gpus);
  bounds.least_nodes = std::max<std::uint64_t>(1, one.min_nodes);
  if (one.nodes != 0) bounds.most_nodes = std::min(one.nodes, one.max_nodes.value_or(one.nodes));
  bounds.most_time = one.max_time;
}

std::uint64_t cpus_here() {
  const std::uint64_t here = job::worker_count({}, job::Environment());
  log::warning("no Slurm says how many CPUs a node has: taken as on this machine, {}; --cpus-per-node says it", here);
  return here;
}

// The rows of the table: numbers of nodes that a job may have.
std::vector<std::uint64_t> rows_of(const Sizing& sizing, const Bounds& bounds) {
  constexpr std::uint64_t kMostRow = 4096;
  const std::uint64_t most = std::min(bounds.most_nodes.value_or(kMostRow), kMostRow);
  std::vector<std::uint64_t> rows{std::min(bounds.least_nodes, most)};
  while (rows.back() < most) {
    const bool enough = limit_for(time_on(sizing, rows.back())) <= seconds(static_cast<std::int64_t>(kStep));
    if (enough || rows.back() * at_a_time(sizing) >= sizing.units) break;
    rows.push_back(std::min(rows.back() * 2, most));
  }
  return rows;
}

seconds limit_within(seconds expected, const job::TimeLimit& most) {
  const seconds limit = limit_for(expected);
  return most ? std::min(limit, *most) : limit;
}

double jobs_of(seconds expected, seconds limit) {
  return std::ceil(static_cast<double>(expected.count()) / static_cast<double>(usable(limit).count()));
}

std::string row_text(const Sizing& sizing, const Bounds& bounds, std::uint64_t nodes) {
  const seconds expected = time_on(sizing, nodes);
  const seconds limit = limit_within(expected, bounds.most_time);
  const double jobs = jobs_of(expected, limit);
  std::string ask = expected >= kLongest ? "-" : job::format_slurm_time(limit);
  if (jobs > 1 && limit < limit_for(expected)) ask += fmt::format(", {:.0f} jobs", jobs);
  return fmt::format("{:>8}  {:>8}  {:>10}  {}\n", nodes, nodes * sizing.cpus, span(expected), ask);
}

// A number of nodes, and their time; or why there is none.
struct Choice {
  std::uint64_t nodes = 0;
  seconds limit{};
  std::string none;
};

Choice choose(const Sizing& sizing, const Bounds& bounds) {
  Choice choice;
  job::TimeLimit within =
      bounds.time.value_or(bounds.most_time ? std::min(kUsualLimit, *bounds.most_time) : kUsualLimit);
  choice.nodes = bounds.nodes;
  bool in_one_job = true;
  if (choice.nodes == 0 && within) {
    const auto enough = nodes_within(sizing, *within);
    in_one_job = enough && *enough <= bounds.most_nodes.value_or(*enough);
    choice.nodes = in_one_job ? *enough : bounds.most_nodes.value_or(0);
    if (choice.nodes == 0) {
      choice.none = fmt::format(
          "No number of nodes does it within {}: a job that goes on does, with a --time above the longest unit",
          job::format_slurm_time(within));
      return choice;
    }
  }
  choice.nodes = std::max(choice.nodes, bounds.nodes == 0 ? bounds.least_nodes : choice.nodes);
  const bool says = bounds.time && *bounds.time;
  choice.limit = says || !in_one_job ? *within : limit_within(time_on(sizing, choice.nodes), bounds.most_time);
  if (sizing.times.longest > static_cast<double>(usable(choice.limit).count())) {
    choice.none = fmt::format(
        "No number of nodes does it in jobs of {}: a unit took {}, and such a job has {} for commands. Ask for more "
        "time{}",
        job::format_slurm_time(choice.limit), format_duration(from_seconds(sizing.times.longest)),
        format_duration(usable(choice.limit)), bounds.most_time ? ", in a partition that allows it" : "");
  }
  return choice;
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

std::optional<double> shortest_unit(const std::string& directory) try {
  const Trial trial = read_trial(directory);
  const auto least = std::min_element(trial.times.begin(), trial.times.end());
  return least == trial.times.end() ? std::nullopt : std::optional(*least);
} catch (const Error& error) {
  log::debug("{}", error.what());
  return std::nullopt;
}

std::uint64_t at_a_time(const Sizing& sizing) {
  std::uint64_t units = sizing.cpus / sizing.cpus_per_unit;
  if (sizing.gpus != 0 && sizing.gpus_per_unit != 0) units = std::min(units, sizing.gpus / sizing.gpus_per_unit);
  return std::max<std::uint64_t>(1, units);
}

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
  const auto most = static_cast<double>(limit.count());
  const auto fits = [&](std::uint64_t nodes) {
    return static_cast<double>(time_on(sizing, nodes).count()) * 1.25 + std::min(300.0, most / 4) <= most;
  };
  if (!fits(kMostNodes)) return std::nullopt;
  std::uint64_t least = 1, enough = kMostNodes;
  while (least < enough) {
    const std::uint64_t middle = (least + enough) / 2;
    if (fits(middle)) {
      enough = middle;
    } else {
      least = middle + 1;
    }
  }
  return least;
}

std::string estimate_text(const Sizing& sizing, const Bounds& bounds) {
  const UnitTimes& t = sizing.times;
  const double work = static_cast<double>(sizing.units) * t.mean * static_cast<double>(sizing.cpus_per_unit);
  std::string needs = sizing.cpus_per_unit == 1 ? "" : fmt::format(" --cpus-per-unit {}", sizing.cpus_per_unit);
  if (sizing.gpus_per_unit != 0) needs += fmt::format(" --gpus-per-unit {}", sizing.gpus_per_unit);
  std::string out = fmt::format(
      "{} units to run, {} each{}: {} CPU hours\n", format_count(sizing.units), format_duration(from_seconds(t.mean)),
      sizing.cpus_per_unit == 1 ? "" : fmt::format(" on {} CPUs", sizing.cpus_per_unit), hours_text(work / 3600));
  if (t.units != 0) {
    out +=
        fmt::format("measured on {}: half took up to {}, 95 of 100 up to {}, the longest {}\n",
                    t.units == 1 ? "1 unit" : format_count(t.units) + " units", format_duration(from_seconds(t.median)),
                    format_duration(from_seconds(t.most)), format_duration(from_seconds(t.longest)));
  }
  out += fmt::format("\n{:>8}  {:>8}  {:>10}  {}\n", "nodes", "CPUs", "takes", "ask for --time");
  for (const std::uint64_t nodes : rows_of(sizing, bounds)) out += row_text(sizing, bounds, nodes);
  const Choice choice = choose(sizing, bounds);
  if (!choice.none.empty()) return out + "\n" + choice.none + "\n";
  out += fmt::format("\nkiln slurm run{} -N {} --time {}{} …\n",
                     bounds.partition.empty() ? "" : " -p " + observe::shell_word(bounds.partition), choice.nodes,
                     job::format_slurm_time(choice.limit), needs);
  const seconds expected = time_on(sizing, choice.nodes);
  const double jobs = jobs_of(expected, choice.limit);
  if (expected >= kLongest) return out + "That is more than 100 years.\n";
  if (jobs > 1) out += fmt::format("That is about {} jobs, one after the other.\n", hours_text(jobs));
  return out;
}

int show_estimate(const SlurmEstimateCommand& command) {
  Sizing sizing;
  if (!command.directory.empty()) {
    Trial trial = read_trial(command.directory);
    sizing.times = unit_times(std::move(trial.times));
    sizing.units = command.units.value_or(trial.left);
    sizing.cpus_per_unit = trial.cpus_per_unit;
    sizing.gpus_per_unit = trial.gpus_per_unit;
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
  Bounds bounds;
  bounds.nodes = command.nodes;
  bounds.time = command.time;
  bounds.partition = command.partition;
  sizing.cpus = command.cpus;
  ask_site(command, sizing, bounds);
  if (sizing.cpus == 0) sizing.cpus = cpus_here();
  if (sizing.cpus < sizing.cpus_per_unit) {
    throw Error(ExitCode::usage, fmt::format("a unit gets {} CPUs (--cpus-per-unit), and a node has {}",
                                             sizing.cpus_per_unit, sizing.cpus));
  }
  if (sizing.gpus_per_unit != 0 && sizing.gpus == 0) {
    log::warning("--gpus-per-unit {}: no Slurm says how many GPUs a node has, so its CPUs alone are counted",
                 sizing.gpus_per_unit);
  }
  print_folded(estimate_text(sizing, bounds));
  return to_int(ExitCode::ok);
}

}  // namespace kiln::cli
