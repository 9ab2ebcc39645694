#pragma once

#include "protocol/coordinator_port.hpp"
#include "schedule/interval_set.hpp"
#include "sim/scenario.hpp"

#include <cstdint>
#include <vector>

namespace kiln::sim {

/// The simulated disk: what was committed, over all launches. An entry is linked whole or not at all. Each commit is
/// held against the promise that every unit counts exactly once, with exactly one row, and that the right one.
class Journal {
 public:
  /// `scenario` outlives the journal.
  explicit Journal(const Scenario& scenario);

  /// Throws Violation where the entry breaks the promise.
  void append(const protocol::CommitPlan& plan);

  const schedule::IntervalSet& done() const { return done_; }
  const schedule::IntervalSet& dead() const { return dead_; }
  bool holds(UnitId unit) const { return state_[unit.value()] != State::open; }
  bool holds_done(UnitId unit) const { return state_[unit.value()] == State::done; }
  std::uint64_t entries() const { return entries_; }

 private:
  enum class State : std::uint8_t { open, done, dead };
  void settle(UnitId unit, State state);
  void check_rows(const protocol::CommitPlan& plan);

  const Scenario& scenario_;
  std::vector<State> state_;
  std::vector<std::uint64_t> row_of_;  // number of the last entry with a row of the unit
  schedule::IntervalSet done_, dead_;
  std::uint64_t entries_ = 0;
};

}  // namespace kiln::sim
