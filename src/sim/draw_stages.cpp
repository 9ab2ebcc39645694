#include "sim/draw_stages.hpp"

#include "sim/random.hpp"

#include <algorithm>

namespace kiln::sim {

void draw_stages(Scenario& scenario) {
  Random random(mix(scenario.seed, 0x9a7e5));
  const std::uint64_t units = scenario.most_units();
  if (!random.chance(1.0 / 3) || units == 0) return;
  auto& stages = scenario.options.stages;
  stages.resize(random.between(2, random.chance(0.7) ? 4 : 12));
  const std::uint64_t pieces = random.chance(0.5) ? stages.size() : random.between(1, 3 * stages.size());
  std::uint64_t first = 0;
  for (std::uint64_t i = 0; i < pieces && first < units; ++i) {
    const std::uint64_t last = i + 1 == pieces ? units : first + random.below((units - first) / 2 + 2);
    const std::uint64_t stage = pieces == stages.size() ? i : random.below(stages.size() + 1);  // the last one is none
    if (stage < stages.size()) stages[stage].units.insert(make_interval(first, std::min(last, units)));
    first = std::min(last, units);
  }
  const bool falling = random.chance(0.2);  // a stage may stand before those that it waits for
  const double often = random.across(0.1, 0.9);
  for (std::size_t i = 0; i < stages.size(); ++i) {
    for (std::size_t before = 0; before < i; ++before) {
      if (!random.chance(often)) continue;
      falling ? stages[before].after.push_back(i) : stages[i].after.push_back(before);
    }
  }
  if (random.chance(0.6)) scenario.units.failing_always = 0;  // else hardly any stage is begun but the first
}

void draw_time_limits(Scenario& scenario) {
  Random random(mix(scenario.seed, 0x11317));
  for (LaunchPlan& launch : scenario.launches) {
    if (&launch == &scenario.launches.back() || !random.chance(0.25)) continue;
    const double work = scenario.units.typical_seconds * static_cast<double>(launch.units) / launch.workers;
    launch.time_limit = from_seconds(random.across(0.01, 2) * (work + to_seconds(scenario.start_spread)));
  }
}

std::vector<schedule::GatedStage> Scenario::stages(const LaunchPlan& launch) const {
  std::vector<schedule::GatedStage> stages = options.stages;
  for (schedule::GatedStage& stage : stages) {
    stage.units.erase(make_interval(launch.units, UINT64_MAX));
    stage.units.erase(launch.removed);
  }
  return stages;
}

}  // namespace kiln::sim
