#include "sim/scenario.hpp"

#include "sim/draw_harm.hpp"
#include "sim/draw_stages.hpp"
#include "sim/random.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace kiln::sim {
namespace {

constexpr double kHeaviest = 1000;  // times the typical unit

using namespace std::chrono_literals;

std::string draw_batch(Random& random) {
  switch (random.below(6)) {
    case 0:
      return "guided";
    case 1:
      return fmt::format("{}", random.between(1, random.chance(0.5) ? 4 : 500));
    case 2:
      return fmt::format("{}B", random.between(1, 20'000));
    case 3:
      return fmt::format("{}ms", random.between(1, 5'000));
    default:
      return "adaptive";
  }
}

Interval draw_interval(Random& random, std::uint64_t units) {
  const std::uint64_t first = random.below(units + 1);
  return make_interval(first, std::min(units, first + random.below(units / 3 + 2)));
}

schedule::QueueOptions draw_queue(Random& random, std::uint64_t units) {
  schedule::QueueOptions queue;
  queue.order = random.chance(0.5) ? schedule::Order::listed : schedule::Order::home;
  queue.direction = random.chance(0.7) ? schedule::Direction::ascending : schedule::Direction::descending;
  if (random.chance(0.3)) {
    for (std::uint64_t i = random.between(1, 3); i > 0; --i) {
      queue.priorities.push_back({draw_interval(random, units), static_cast<std::int32_t>(random.below(5)) - 2});
    }
  }
  return queue;
}

// From numbers of their own, so that the rest of a scenario is the same with them and without.
void draw_retry_classes(std::uint64_t seed, std::uint64_t units, protocol::CoordinatorOptions& options) {
  Random random(mix(seed, 0x7e721e5));
  if (!random.chance(0.3)) return;
  for (std::uint64_t i = random.between(1, 4); i > 0; --i) {
    options.retry_classes.push_back({draw_interval(random, units), static_cast<std::uint32_t>(random.below(5))});
  }
}

// From numbers of their own, too.
void draw_held(Scenario& scenario) {
  Random random(mix(scenario.seed, 0x4e1d));
  if (random.chance(0.6)) {
    scenario.ride_bytes = random.chance(0.3) ? 0 : random.between(1, 20'000);
    scenario.hold_bytes = random.chance(0.3) ? random.between(0, 100) : random.between(1, 200'000);
  }
  scenario.options.queue.dyadic = random.chance(0.3);
  if (random.chance(0.2)) scenario.options.most_in_flight = random.between(1, random.chance(0.5) ? 10 : 500);
  for (LaunchPlan& launch : scenario.launches) {
    const bool last = &launch == &scenario.launches.back();
    if (!random.chance(0.2)) continue;
    const Rank where(static_cast<std::int32_t>(random.between(1, static_cast<std::uint64_t>(launch.workers))));
    const Duration from = random.across(1ms, 100s);
    const double most = last ? 0.3 : 3;
    const Duration length = from_seconds(random.real() * most * to_seconds(scenario.options.storage_patience));
    launch.bad_disk = {where, {from, from + length}};
  }
  if (random.chance(0.5)) scenario.options.join_counts = 1;
  if (random.chance(0.3)) scenario.joinable_every = static_cast<std::int32_t>(random.between(2, 4));
}

// From numbers of their own, too: units that take very long on some rank, and copies of them.
void draw_stragglers(Scenario& scenario) {
  Random random(mix(scenario.seed, 0x57a661e));
  if (!random.chance(1.0 / 3)) return;
  scenario.options.speculate = random.chance(0.5) ? protocol::Speculate::all : protocol::Speculate::others;
  scenario.units.slow_factor = random.across(10, 1000);
  scenario.units.slow_share = random.chance(0.3) ? 0 : random.across(0.01, 0.5);
  if (random.chance(0.8)) scenario.options.most_in_flight = 0;
  if (random.chance(0.8)) scenario.units.typical_seconds = random.across(0.05, 100);
  if (random.chance(0.5)) scenario.never_returns = Rank(static_cast<std::int32_t>(random.between(1, 3)));
}

LaunchPlan::Absence draw_absence(Random& random, const Scenario& scenario, const LaunchPlan& launch, double length) {
  LaunchPlan::Absence absence;
  absence.at = from_seconds(random.real() * length);
  absence.where = Rank(static_cast<std::int32_t>(random.between(1, static_cast<std::uint64_t>(launch.workers))));
  absence.noticed = random.chance(0.5);
  if (random.chance(0.6)) return absence;
  absence.length = random.across(scenario.deadline / 100, scenario.deadline * 20);
  if (random.chance(0.3)) absence.where = Rank(random.chance(0.5) ? 0 : -1);
  return absence;
}

// The coordinator's rank dies, from numbers of their own: once, or one after another.
void draw_successions(Scenario& scenario) {
  Random random(mix(scenario.seed, 0x7a6e0));
  scenario.retain_bytes = random.chance(0.3) ? random.between(1, 20'000) : std::uint64_t{16} << 20;
  scenario.options.retain_bytes = scenario.retain_bytes;
  if (!random.chance(0.5)) return;
  for (LaunchPlan& launch : scenario.launches) {
    const double length = scenario.units.typical_seconds * static_cast<double>(launch.units) / launch.workers * 1.5 +
                          to_seconds(scenario.start_spread);
    Duration at = from_seconds(random.real() * length);
    for (std::uint64_t i = random.chance(0.6) ? 1 : random.between(0, 4); i > 0; --i) {
      LaunchPlan::Absence absence;
      absence.at = at;
      absence.where = Rank(0);
      absence.noticed = random.chance(0.5);
      const bool bad_disk = launch.disk_full || launch.bad_disk;
      if (random.chance(0.4) && !bad_disk)
        absence.length = random.across(scenario.deadline / 2, scenario.deadline * 10);
      launch.absences.push_back(absence);
      at += from_seconds(random.real() * 3 * to_seconds(scenario.deadline));
    }
  }
  for (LaunchPlan& launch : scenario.launches) launch.dies_with_sum = random.chance(0.9);
}

// From numbers of their own, too.
void draw_absences(Scenario& scenario) {
  Random random(mix(scenario.seed, 0xdead));
  if (!random.chance(0.5)) return;
  double longest = scenario.units.shape == UnitModel::Shape::heavy_tailed ? 300 * scenario.units.typical_seconds : 0;
  if (scenario.units.slow_share > 0) {
    longest = std::max(longest, scenario.units.slow_factor * scenario.units.typical_seconds);
  }
  for (const LaunchPlan& launch : scenario.launches) {
    longest =
        std::max(longest, scenario.units.typical_seconds * static_cast<double>(launch.units) / launch.workers * 1.5);
  }
  scenario.deadline = std::max(10 * scenario.delay_high,
                               from_seconds(std::max(longest * scenario.slowest, 30.0) * random.across(0.01, 1.0)));
  scenario.options.held_up_patience = 6 * scenario.deadline;
  for (LaunchPlan& launch : scenario.launches) {
    const bool last = &launch == &scenario.launches.back();
    const double length = scenario.units.typical_seconds * static_cast<double>(launch.units) / launch.workers * 1.5 +
                          to_seconds(scenario.start_spread) +
                          (random.chance(0.3) ? to_seconds(scenario.options.checkpoint_every) : 0);
    const std::uint64_t most = random.chance(0.3) ? static_cast<std::uint64_t>(launch.workers) + 2 : 2;
    for (std::uint64_t i = random.between(0, most); i > 0; --i) {
      const LaunchPlan::Absence absence = draw_absence(random, scenario, launch, length);
      // A coordinator that is stopped while the disk is full may lose its patience.
      if (last && (launch.disk_full || launch.bad_disk) && absence.where < Rank(1)) continue;
      launch.absences.push_back(absence);
    }
  }
  draw_successions(scenario);
}

// From numbers of their own, too: units that begin at most once, in a third of all. Where units are copied, they
// cannot.
void draw_no_rerun_lost(Scenario& scenario) {
  Random random(mix(scenario.seed, 0xa74060));
  scenario.options.no_rerun_lost = scenario.options.speculate == protocol::Speculate::no && random.chance(0.5);
}

protocol::CoordinatorOptions draw_options(Random& random, std::uint64_t units) {
  protocol::CoordinatorOptions options;
  options.batch = draw_batch(random);
  options.queue = draw_queue(random, units);
  options.retries = static_cast<std::uint32_t>(random.chance(0.5) ? 0 : random.between(1, 4));
  options.backoff = random.chance(0.2) ? 0s : random.across(1ms, 20s);
  if (random.chance(0.15)) options.max_failures = random.between(1, 20);
  options.checkpoint_every = random.across(1ms, 100s);
  options.checkpoint_adapts = random.chance(0.5);
  if (random.chance(0.4)) options.commit_bytes = random.between(1, 100'000);
  if (random.chance(0.4)) options.pause_bytes = options.commit_bytes + random.between(0, 100'000);
  options.grace = random.chance(0.2) ? 0s : random.across(10ms, 100s);
  options.task_signal = random.chance(0.3);
  options.storage_patience = random.across(1s, 60s);
  options.storage_retry = random.across(10ms, 2s);
  options.seed = random.next();
  return options;
}

UnitModel draw_units(Random& random) {
  UnitModel model;
  model.seed = random.next();
  model.shape = static_cast<UnitModel::Shape>(random.below(3));
  model.typical_seconds = random.across(1e-6, 100.0);
  if (random.chance(0.4)) model.failing_sometimes = random.across(0.001, 0.5);
  if (random.chance(0.3)) model.failing_always = random.across(0.0005, 0.2);
  if (random.chance(0.02)) model.failing_always = 1;
  return model;
}

// Small numbers are the ones that find most; large ones find what piles up.
std::uint64_t draw_count(Random& random, std::uint64_t most) {
  if (random.chance(0.02)) return 0;
  if (random.chance(0.6)) return random.between(1, std::min<std::uint64_t>(most, 40));
  return static_cast<std::uint64_t>(random.across(1, static_cast<double>(std::max<std::uint64_t>(most, 1))));
}

std::int32_t draw_workers(Random& random, const Limits& limits) {
  const auto most = static_cast<std::uint64_t>(std::max(limits.workers, 1));
  if (random.chance(0.7)) return static_cast<std::int32_t>(random.between(1, std::min<std::uint64_t>(most, 6)));
  return static_cast<std::int32_t>(random.between(1, most));
}

void draw_faults(Random& random, const Scenario& scenario, LaunchPlan& launch) {
  const double work = scenario.units.typical_seconds * static_cast<double>(launch.units) / launch.workers;
  const double length = std::max(work, 4 * to_seconds(scenario.delay_high)) * 1.5;
  if (random.chance(0.4)) {
    for (std::uint64_t i = random.between(1, 2); i > 0; --i) {
      const Rank where(static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(launch.workers) + 1)));
      launch.interrupts.push_back({from_seconds(random.real() * length), random.chance(0.3), where});
    }
  }
  if (random.chance(0.25)) {
    const Duration from = from_seconds(random.real() * length);
    launch.disk_full = {from, from + from_seconds(random.real() * 3 * to_seconds(scenario.options.storage_patience))};
  }
  if (launch.interrupts.empty() || random.chance(0.3)) {
    launch.crash_at_event =
        static_cast<std::uint64_t>(random.across(1, 20 + 3 * static_cast<double>(launch.units + 5)));
  }
}

std::vector<LaunchPlan> draw_launches(Random& random, const Scenario& scenario, std::uint64_t units,
                                      const Limits& limits) {
  std::vector<LaunchPlan> launches;
  const std::size_t restarts = random.chance(0.4) ? 0 : random.between(0, limits.restarts);
  for (std::size_t i = 0; i <= restarts; ++i) {
    LaunchPlan launch;
    launch.workers = draw_workers(random, limits);
    launch.units = units;
    if (i > 0 && random.chance(0.15)) launch.removed.insert(draw_interval(random, units));
    if (i < restarts) {
      draw_faults(random, scenario, launch);
    } else if (random.chance(0.15)) {
      const Duration from = random.across(1ms, 100s);
      launch.disk_full = {from, from + scenario.options.storage_patience / 3};
    }
    launches.push_back(std::move(launch));
    if (random.chance(0.1)) units = std::min(limits.units, units + random.below(units / 4 + 2));
  }
  return launches;
}

}  // namespace

double UnitModel::seconds(UnitId unit) const {
  const double drawn = to_unit_interval(mix(seed + 1, unit.value()));
  switch (shape) {
    case Shape::constant:
      return typical_seconds;
    case Shape::uniform:
      return typical_seconds * 2 * drawn;
    case Shape::heavy_tailed:
      return typical_seconds * std::min(0.3 / (1.0 - drawn), kHeaviest);
  }
  return typical_seconds;
}

double UnitModel::slowness(UnitId unit, Rank rank) const {
  if (slow_share == 0) return 1;
  const auto pair = mix(seed + 6, mix(unit.value(), static_cast<std::uint64_t>(rank.value())));
  return to_unit_interval(pair) < slow_share ? slow_factor : 1;
}

bool UnitModel::fails(UnitId unit, std::uint32_t tried) const {
  if (to_unit_interval(mix(seed + 2, unit.value())) < failing_always) return true;
  return to_unit_interval(mix(mix(seed + 3, unit.value()), tried)) < failing_sometimes;
}

UnitModel::Harm UnitModel::harm(UnitId unit, std::uint32_t tried) const {
  double drawn = to_unit_interval(mix(seed + 7, unit.value()));
  if (drawn < crashing) return Harm::crash;
  if (drawn < crashing + devouring) return Harm::killed;
  return drawn < crashing + devouring + hunted && tried < hunts ? Harm::hunted : Harm::none;
}

std::uint64_t UnitModel::value(UnitId unit) const { return mix(seed + 4, unit.value()); }

std::uint64_t UnitModel::payload_bytes(UnitId unit) const { return mix(seed + 5, unit.value()) % (kMostPayload + 1); }

// As plainly as can be: not by the class that the coordinator uses.
std::uint32_t Scenario::retries(UnitId unit) const {
  std::uint32_t retries = options.retries;
  for (const protocol::RetryClass& one : options.retry_classes) {
    if (one.interval.contains(unit)) retries = one.retries;
  }
  return retries;
}

std::int32_t Scenario::priority(UnitId unit) const {
  std::int32_t priority = 0;
  for (const schedule::PriorityClass& one : options.queue.priorities) {
    if (one.interval.contains(unit)) priority = one.priority;
  }
  return priority;
}

double Scenario::longest_seconds() const {
  const double most = units.shape == UnitModel::Shape::heavy_tailed ? kHeaviest : 2;
  return units.typical_seconds * most * units.slow_factor * slowest;
}

std::uint32_t Scenario::most_retries() const {
  std::uint32_t most = options.retries;
  for (const protocol::RetryClass& one : options.retry_classes) most = std::max(most, one.retries);
  return most;
}

std::string Scenario::describe() const {
  constexpr std::array<const char*, 3> kShapes{"constant", "uniform", "heavy-tailed"};
  std::string text =
      fmt::format("seed {}: {} units of {} {:.3g} s, batch {}, {} {}, retries {}, delay {:.3g}..{:.3g} s, claim {}",
                  seed, most_units(), kShapes[static_cast<std::size_t>(units.shape)], units.typical_seconds,
                  options.batch, options.queue.order == schedule::Order::home ? "home" : "listed",
                  options.queue.direction == schedule::Direction::ascending ? "ascending" : "descending",
                  options.retries, to_seconds(delay_low), to_seconds(delay_high), claim);
  for (const protocol::RetryClass& one : options.retry_classes) {
    text += fmt::format(", {} retries in [{},{})", one.retries, one.interval.first.value(), one.interval.last.value());
  }
  for (const schedule::PriorityClass& one : options.queue.priorities) {
    text +=
        fmt::format(", priority {} in [{},{})", one.priority, one.interval.first.value(), one.interval.last.value());
  }
  if (ride_bytes != SIZE_MAX) text += fmt::format(", held above {} B, to {} B", ride_bytes, hold_bytes);
  if (options.join_counts != 0) text += fmt::format(", every {}. rank may join", joinable_every);
  if (deadline > Duration::zero()) text += fmt::format(", deadline {:.3g} s", to_seconds(deadline));
  if (options.speculate != protocol::Speculate::no) {
    text += fmt::format(", copies, {:.3g} of units take {:.3g} times as long", units.slow_share, units.slow_factor);
    if (never_returns >= Rank(0)) text += fmt::format(", rank {} never returns", never_returns.value());
  }
  if (units.harms()) {
    text += fmt::format(", {:.3g} of units crash their rank, {:.3g} have it killed, {:.3g} the first {} times",
                        units.crashing, units.devouring, units.hunted, units.hunts);
  }
  if (options.no_rerun_lost) text += ", at most once";
  if (options.queue.dyadic) text += ", dyadic";
  if (options.most_in_flight != 0) text += fmt::format(", {} in flight", options.most_in_flight);
  for (std::size_t i = 0; i < options.stages.size(); ++i) {
    text += fmt::format(", stage {} of {} units after [{}]", i, options.stages[i].units.count(),
                        fmt::join(options.stages[i].after, " "));
  }
  for (const LaunchPlan& launch : launches) {
    text += fmt::format("; {} workers", launch.workers);
    if (launch.crash_at_event) text += fmt::format(", crash at event {}", *launch.crash_at_event);
    if (!launch.interrupts.empty()) text += fmt::format(", {} interrupts", launch.interrupts.size());
    if (launch.disk_full) text += ", disk full";
    if (launch.time_limit) text += fmt::format(", limit {:.3g} s", to_seconds(*launch.time_limit));
    for (const LaunchPlan::Absence& one : launch.absences) {
      text += fmt::format(", rank {} {} at {:.3g} s", one.where.value(), one.length ? "stopped" : "killed",
                          to_seconds(one.at));
    }
    if (launch.dies_with_first) text += ", all are killed with the first that crashes";
    if (launch.dies_with_sum) text += ", the coordinator killed as a join ends";
    if (launch.bad_disk) text += fmt::format(", bad disk of rank {}", launch.bad_disk->where.value());
    if (!launch.removed.empty()) text += fmt::format(", {} units removed", launch.removed.count());
  }
  return text;
}

Scenario draw_scenario(std::uint64_t seed, const Limits& limits) {
  Random random(mix(seed, 0x5ce7a210));
  Scenario scenario;
  scenario.seed = seed;
  const std::uint64_t units = draw_count(random, limits.units);
  scenario.options = draw_options(random, units);
  draw_retry_classes(seed, units, scenario.options);
  scenario.units = draw_units(random);
  scenario.delay_low = random.across(1us, 10ms);
  scenario.delay_high = from_seconds(to_seconds(scenario.delay_low) * random.across(1.01, 30));
  scenario.commit_low = random.across(100us, 100ms);
  scenario.commit_high = from_seconds(to_seconds(scenario.commit_low) * random.across(1.01, 100));
  scenario.start_spread = random.across(1ms, 10s);
  if (random.chance(0.5)) scenario.slowest = random.across(1, 50);
  if (random.chance(0.3)) scenario.claim = random.between(2, 64);
  scenario.report_every = random.chance(0.3) ? 0s : random.across(1ms, 10s);
  if (random.chance(0.3)) scenario.coordinator_seconds = random.across(1e-6, 1e-2);
  scenario.launches = draw_launches(random, scenario, units, limits);
  draw_held(scenario);
  draw_stragglers(scenario);
  draw_no_rerun_lost(scenario);
  draw_absences(scenario);
  draw_stages(scenario);
  draw_time_limits(scenario);
  draw_harm(scenario);
  scenario.groups_only = scenario.deadline > 0s && Random(mix(seed, 0x6209)).chance(0.3);
  return scenario;
}

}  // namespace kiln::sim
