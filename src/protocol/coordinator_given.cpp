#include "protocol/coordinator.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

/// Coordinator: units that begin at most once (no_rerun_lost). On their way from queue_ to given_ they are made durable
/// as given: whoever comes after a loss knows which may have begun.
namespace kiln::protocol {
namespace {

constexpr Duration kGiveEvery = std::chrono::milliseconds(200);  // about: more units at a time where it is more often
constexpr std::uint64_t kMostAheadEach = 64;                     // units given ahead, of each worker

}  // namespace

// Only while somebody waits: where units are long, none is given that is not handed out at once.
void Coordinator::give(Instant now) {
  if (idle_.empty() || !in_time(workers_.at(*idle_.begin()), now) || !giving_.empty() || !given_.empty() ||
      queue_.empty() || room() == 0)
    return;
  if (gave_at_ && now - *gave_at_ < kGiveEvery) {
    give_ahead_ = std::min(std::max<std::uint64_t>(2 * give_ahead_, 2), kMostAheadEach * workers_.size());
  } else {
    give_ahead_ /= 2;
  }
  gave_at_ = now;
  begin_give(std::max<std::uint64_t>(give_ahead_, std::min(idle_.size(), room())));
}

// After one that failed, whose units are in queue_ again, the next tells whether it works again, whoever waits.
void Coordinator::give_again(Instant now) {
  if (!gives_failing_ || !giving_.empty() || (storage_retry_at_ && now < *storage_retry_at_)) return;
  if (!unsaved()) storage_retry_at_.reset();
  begin_give(1);
}

void Coordinator::begin_give(std::uint64_t units) {
  const Rank rank = workers_.empty() ? self_ : workers_.begin()->first;
  while (giving_.count() < units) {
    const auto taken = queue_.take(rank, units - giving_.count());
    if (!taken) break;
    giving_.insert(*taken);
  }
  port_.give(giving_);
}

void Coordinator::on_given(Instant now) {
  const schedule::IntervalSet given = std::exchange(giving_, {});
  for (const Interval units : given.intervals()) given_.put_back(units);
  if (std::exchange(gives_failing_, false)) storage_works();
  step(now);
}

void Coordinator::on_give_failed(Instant now) {
  const schedule::IntervalSet given = std::exchange(giving_, {});
  for (const Interval units : given.intervals()) queue_.put_back(units);
  if (!stop_as_) {
    gives_failing_ = true;
    storage_failed(now);
  }
  step(now);
}

void Coordinator::lose_units(const schedule::IntervalSet& units, Rank rank, std::uint32_t attempts,
                             const std::string& how, Instant now) {
  for (const Interval interval : units.intervals()) {
    for (UnitId unit = interval.first; unit < interval.last; unit = unit.next()) lose(unit, rank, attempts, how, now);
  }
}

void Coordinator::lose(UnitId unit, Rank rank, std::uint32_t attempts, const std::string& how, Instant now) {
  UnitFailure failure;
  failure.unit = unit;
  failure.reason = fmt::format("{}: it may have run; --no-rerun-lost", how);
  failure.row = port_.row_of_lost(unit, failure.reason);
  port_.note_failure(unit, rank, attempts, failure.reason, true);
  set_aside(failure, attempts, now);
}

}  // namespace kiln::protocol
