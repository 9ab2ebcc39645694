#pragma once

#include <kiln/detail/interval.hpp>
#include "base/time.hpp"
#include "protocol/coordinator.hpp"
#include "schedule/interval_set.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kiln::sim {

/// How long units take and what becomes of them: a function of the seed, never of who runs them when.
struct UnitModel {
  enum class Shape : std::uint8_t { constant, uniform, heavy_tailed };
  std::uint64_t seed = 0;
  Shape shape = Shape::constant;
  double typical_seconds = 0.01;
  double failing_always = 0;     ///< share of units that never succeed
  double failing_sometimes = 0;  ///< probability that a try of another unit fails
  double slow_share = 0;         ///< of pairs of unit and rank
  double slow_factor = 1;        ///< for these
  double crashing = 0;           ///< share of units that end the rank that runs them, which leaves a mark
  double devouring = 0;          ///< the same without a mark: their rank is killed, as its memory runs out
  double hunted = 0;             ///< share of the others whose rank is killed from outside while it runs them
  std::uint32_t hunts = 0;       ///< the first times in a launch
  bool tame = false;             ///< from now on none ends its rank; harm() tells still which did

  double seconds(UnitId unit) const;
  /// Times as long does this rank take for it as others.
  double slowness(UnitId unit, Rank rank) const;
  /// `tried`: how often the unit was begun before in this run.
  bool fails(UnitId unit, std::uint32_t tried) const;
  /// How the rank that runs the unit ends with it, if another rank lives.
  enum class Harm : std::uint8_t { none, crash, killed, hunted };
  Harm harm(UnitId unit, std::uint32_t tried) const;
  bool harms() const { return !tame && crashing + devouring + hunted > 0; }
  /// The one value in a done unit's row.
  std::uint64_t value(UnitId unit) const;
  static constexpr std::uint64_t kMostPayload = 199;
  std::uint64_t payload_bytes(UnitId unit) const;
};

/// One start of the whole job.
struct LaunchPlan {
  struct Interrupt {
    Duration at{};
    bool at_once = false;
    Rank where;  ///< 0: the coordinator's rank
  };
  struct Window {
    Duration from{}, to{};
    bool contains(Duration at) const { return from <= at && at < to; }
  };
  std::int32_t workers = 1;
  std::uint64_t units = 0;        ///< of the source at this start; never falls from launch to launch
  schedule::IntervalSet removed;  ///< no longer in the source
  std::vector<Interrupt> interrupts;
  std::optional<Window> disk_full;  ///< commits and segments fail meanwhile
  struct BadDisk {
    Rank where;
    Window when;
  };
  std::optional<BadDisk> bad_disk;              ///< only this worker's segments fail meanwhile
  std::optional<std::uint64_t> crash_at_event;  ///< all ranks die at once there
  /// A rank dies, or ranks are stopped for a while.
  struct Absence {
    Duration at{};
    Rank where;                      ///< 0: the coordinator's at that time; -1: all, which are only stopped
    std::optional<Duration> length;  ///< nothing: it was killed
    bool noticed = false;            ///< the process table tells the coordinator at once
  };
  std::vector<Absence> absences;
  std::optional<Duration> time_limit;  ///< as CoordinatorOptions::time_limit, from the begin of the launch on
  bool dies_with_first = false;        ///< the MPI ends all ranks when a rank's own code has ended it
  bool dies_with_sum = false;          ///< the coordinator, where a join ends: the sum is written over what was given
};

struct Scenario {
  std::uint64_t seed = 0;
  protocol::CoordinatorOptions options;
  UnitModel units;
  Duration delay_low{}, delay_high{};     ///< of a message, one way
  Duration commit_low{}, commit_high{};   ///< of a commit
  Duration start_spread{};                ///< ranks report ready within this time
  double slowest = 1;                     ///< ranks are 1 to this many times slower than the fastest
  std::uint64_t claim = 1;                ///< units that an executor claims at a time
  Duration report_every{};                ///< an executor's parts
  std::size_t ride_bytes = SIZE_MAX;      ///< larger results of a part stay with their worker
  std::uint64_t hold_bytes = UINT64_MAX;  ///< as protocol::Worker has it
  std::int32_t joinable_every = 1;        ///< of ranks: what the others hold cannot be joined
  bool groups_only = false;               ///< as net::Collectives without begins_with_all(); only with a deadline
  Duration deadline{};                    ///< a rank that is silent for so long is dead; 0: nobody dies
  std::uint64_t retain_bytes = 0;         ///< as protocol::Worker has it; 0 without a deadline
  Rank never_returns{-1};                 ///< what is given up there never ends; -1: nowhere
  double coordinator_seconds = 0;         ///< told to the coordinator as its own time a batch
  std::vector<LaunchPlan> launches;       ///< the last has no faults but failing units and a disk full for a while

  std::uint64_t most_units() const { return launches.empty() ? 0 : launches.back().units; }
  /// Extra tries that the unit is promised.
  std::uint32_t retries(UnitId unit) const;
  /// Units of a higher one are handed out first.
  std::int32_t priority(UnitId unit) const;
  /// The stages of one launch's units.
  std::vector<schedule::GatedStage> stages(const LaunchPlan& launch) const;
  /// The most extra tries that any unit has.
  std::uint32_t most_retries() const;
  /// No unit takes longer on any rank.
  double longest_seconds() const;
  /// One line for people.
  std::string describe() const;
};

/// Bounds of what is drawn.
struct Limits {
  std::int32_t workers = 49;
  std::uint64_t units = 10'000;
  std::size_t restarts = 3;
};

/// Everything about a run, drawn from the seed.
Scenario draw_scenario(std::uint64_t seed, const Limits& limits);

}  // namespace kiln::sim
