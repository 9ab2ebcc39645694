#include "sim/draw_harm.hpp"

#include "sim/random.hpp"

#include <algorithm>

namespace kiln::sim {
namespace {

using namespace std::chrono_literals;

// Such that the seeds that tests/sim keeps as regressions have none, and stay what they were.
constexpr std::uint64_t kStream = 0xc7c78;

}  // namespace

void draw_harm(Scenario& scenario) {
  Random random(mix(scenario.seed, kStream));
  const auto units = static_cast<double>(std::max<std::uint64_t>(scenario.most_units(), 1));
  if (scenario.deadline == Duration() || !random.chance(1.0 / 3)) return;
  // A few of them, whatever their number.
  const auto share = [&] { return random.chance(0.5) ? random.across(0.3, 3) / units : 0; };
  scenario.units.crashing = share();
  scenario.units.devouring = share();
  scenario.units.hunted = share();
  scenario.units.hunts = static_cast<std::uint32_t>(random.between(1, 5));
  // As workers report: else what a rank has begun is not what its coordinator takes it for.
  scenario.report_every = std::min<Duration>(scenario.report_every, 500ms);
  for (LaunchPlan& launch : scenario.launches) {
    if (&launch == &scenario.launches.back() || !random.chance(0.5)) continue;
    launch.dies_with_first = true;
    launch.crash_at_event.reset();
    launch.interrupts.clear();
    scenario.units.crashing = std::max(scenario.units.crashing, random.across(1, 10) / units);
  }
}

}  // namespace kiln::sim
