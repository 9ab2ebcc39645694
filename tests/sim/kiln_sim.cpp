// kiln_sim: whole runs on a simulated cluster, each drawn from a seed, against the invariants of the promise.
#include "sim/simulation.hpp"

#include <fmt/core.h>
#include <CLI/CLI.hpp>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

namespace {

using namespace kiln::sim;

struct Options {
  std::uint64_t seed = 1;
  std::uint64_t count = 1;
  bool trace = false;
  unsigned jobs = 1;
  std::vector<std::uint64_t> limits;  // workers, units, restarts
  std::string mutation;
  std::size_t most_failures = 10;
};

struct Totals {
  std::atomic<std::uint64_t> next{0}, run{0}, events{0};
  std::mutex printing;
  std::size_t failures = 0;  // guarded by printing
};

Limits limits_of(const Options& options) {
  Limits limits;
  if (options.limits.size() == 3) {
    limits.workers = static_cast<std::int32_t>(options.limits[0]);
    limits.units = options.limits[1];
    limits.restarts = options.limits[2];
  }
  return limits;
}

Mutation mutation_of(const Options& options) {
  for (const NamedMutation& one : kMutations) {
    if (one.name == options.mutation) return one.mutation;
  }
  return Mutation::none;
}

void run_seeds(const Options& options, Totals& totals) {
  const Limits limits = limits_of(options);
  const Mutation mutation = mutation_of(options);
  Trace trace;
  if (options.trace) trace = [](std::string_view line) { fmt::print("{}\n", line); };
  for (std::uint64_t i = totals.next++; i < options.count; i = totals.next++) {
    const RunReport report = simulate(options.seed + i, limits, mutation, trace);
    ++totals.run;
    totals.events += report.events;
    if (report.ok()) continue;
    const std::lock_guard lock(totals.printing);
    fmt::print("seed {}: {}\n  replay: {}\n", options.seed + i, report.violation,
               replay_command(options.seed + i, limits, mutation));
    if (++totals.failures >= options.most_failures) totals.next = options.count;
  }
}

int run(const Options& options) {
  const auto start = std::chrono::steady_clock::now();
  Totals totals;
  std::vector<std::jthread> helpers;
  for (unsigned i = 1; i < options.jobs; ++i) helpers.emplace_back([&] { run_seeds(options, totals); });
  run_seeds(options, totals);
  helpers.clear();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const auto events = static_cast<double>(totals.events.load());
  const std::uint64_t run = totals.run;
  fmt::print("{} schedules from seed {}, {} failed, {:.1f} s: {:.0f} schedules/s, {:.2f} million events/s\n", run,
             options.seed, totals.failures, seconds, static_cast<double>(run) / seconds, events / seconds / 1e6);
  if (run < options.count)
    fmt::print("stopped at {} failed seeds; {} were left out\n", totals.failures, options.count - run);
  return totals.failures == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Runs kiln's coordinator and workers on a simulated cluster; every run is drawn from its seed.");
  app.add_option("--seed", options.seed, "the first seed")->capture_default_str();
  app.add_option("--count", options.count, "how many seeds, one after another")->capture_default_str();
  app.add_flag("--trace", options.trace, "print every event");
  app.add_option("--jobs", options.jobs, "threads")->check(CLI::Range(1, 256))->capture_default_str();
  app.add_option("--scenario-limits", options.limits, "WORKERS,UNITS,RESTARTS: the most that is drawn")
      ->delimiter(',')
      ->expected(3);
  app.add_option("--max-failures", options.most_failures, "stop after so many failed seeds")->capture_default_str();
  std::vector<std::string> names{"none"};
  for (const NamedMutation& one : kMutations) names.emplace_back(one.name);
  app.add_option("--mutation", options.mutation, "a fault put in on purpose")->check(CLI::IsMember(names));
  CLI11_PARSE(app, argc, argv);
  return run(options);
}
