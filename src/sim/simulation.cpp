#include "sim/simulation.hpp"

#include "sim/violation.hpp"

#include <utility>

namespace kiln::sim {
namespace {

std::string_view outcome_text(const std::optional<protocol::Outcome>& outcome) {
  using protocol::Outcome;
  if (!outcome) return "died";
  switch (*outcome) {
    case Outcome::complete:
      return "complete";
    case Outcome::units_failed:
      return "some units failed";
    case Outcome::too_many_failures:
      return "too many failures";
    case Outcome::interrupted:
      return "interrupted";
    case Outcome::storage:
      return "storage failed";
    case Outcome::fault:
      return "fault";
    case Outcome::held_up:
      return "every worker was held up";
    case Outcome::cut_off:
      return "cut off";
  }
  return "?";
}

void check_last(const std::optional<protocol::Outcome>& outcome, const Scenario& scenario) {
  using protocol::Outcome;
  const bool ended = outcome == Outcome::complete || outcome == Outcome::units_failed;
  const bool gave_up = outcome == Outcome::too_many_failures && scenario.options.max_failures != UINT64_MAX;
  if (!ended && !gave_up) violated("nothing was wrong with the last launch, but it ended: {}", outcome_text(outcome));
}

void run_launches(Scenario scenario, Mutation mutation, const Trace& trace, RunReport& report) {
  Journal journal(scenario);
  std::vector<Bytes> stale;
  for (std::size_t number = 0; number < scenario.launches.size(); ++number) {
    if (trace) trace(fmt::format("launch {}: {} workers", number + 1, scenario.launches[number].workers));
    Launch launch({scenario, number, mutation, trace}, journal, stale);
    LaunchEnd end = launch.run();
    report.events += end.events;
    report.digest = mix(report.digest, end.digest);
    stale = std::move(end.stale);
    if (trace) trace(fmt::format("launch {}: {}", number + 1, outcome_text(end.outcome)));
    if (number + 1 == scenario.launches.size() && end.outcome == protocol::Outcome::held_up) {
      LaunchPlan next = scenario.launches.back();  // in which nobody dies any more
      if (next.absences.empty() && !scenario.units.harms()) violated("every worker was held up, and none had died");
      next.absences.clear();
      scenario.units.tame = true;
      scenario.launches.push_back(std::move(next));
    } else if (number + 1 == scenario.launches.size()) {
      check_last(end.outcome, scenario);
      journal.check_value();
    }
  }
}

}  // namespace

RunReport simulate(std::uint64_t seed, const Limits& limits, Mutation mutation, const Trace& trace) {
  RunReport report;
  try {
    const Scenario scenario = draw_scenario(seed, limits);
    if (trace) trace(scenario.describe());
    run_launches(scenario, mutation, trace, report);
  } catch (const std::exception& error) {
    report.violation = error.what();
  }
  return report;
}

std::string replay_command(std::uint64_t seed, const Limits& limits, Mutation mutation) {
  std::string command = fmt::format("build/bin/kiln_sim --seed {}", seed);
  const Limits usual;
  if (limits.workers != usual.workers || limits.units != usual.units || limits.restarts != usual.restarts) {
    command += fmt::format(" --scenario-limits {},{},{}", limits.workers, limits.units, limits.restarts);
  }
  for (const NamedMutation& one : kMutations) {
    if (one.mutation == mutation) command += fmt::format(" --mutation {}", one.name);
  }
  return command + " --trace";
}

}  // namespace kiln::sim
