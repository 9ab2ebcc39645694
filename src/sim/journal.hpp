#pragma once

#include "protocol/coordinator_port.hpp"
#include "protocol/segment_content.hpp"
#include "schedule/interval_set.hpp"
#include "sim/reduction.hpp"
#include "sim/scenario.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kiln::sim {

/// The simulated disk: what was committed, over all launches. An entry is linked whole or not at all; what is in a
/// segment counts only when an entry names it. Each commit is held against the promise that every unit counts exactly
/// once, for all sinks together: with exactly one row, and that the right one, and once in what is reduced.
class Journal {
 public:
  /// `scenario` outlives the journal.
  explicit Journal(const Scenario& scenario);

  /// A worker's own file. `torn`: not all of it is durable.
  void write_segment(const std::string& file, protocol::SegmentContent content, bool torn);
  static std::uint64_t length(const protocol::SegmentContent& content);
  /// Throws Violation where the entry breaks the promise.
  void append(const protocol::CommitPlan& plan);
  /// What is reduced is what a single rank would have got. Throws Violation.
  void check_value() const;

  const schedule::IntervalSet& done() const { return done_; }
  const schedule::IntervalSet& dead() const { return dead_; }
  bool holds(UnitId unit) const { return state_[unit.value()] != State::open; }
  bool holds_done(UnitId unit) const { return state_[unit.value()] == State::done; }
  std::uint64_t entries() const { return entries_; }
  /// The number of the last entry: commits and epochs.
  std::uint64_t number() const { return number_; }
  /// Links an epoch behind the last entry.
  void begin_epoch() { ++number_; }
  /// These units may begin from here on (CoordinatorOptions::no_rerun_lost).
  void give(const schedule::IntervalSet& units);
  /// Those that were given and have no result.
  const schedule::IntervalSet& given() const { return given_; }
  /// The launch has ended in order: what it gave and has no result did not begin.
  void release_given() { given_.erase(given_now_); }
  void begin_launch() {
    given_now_.clear();
    for (const auto& [rank, units] : marks_) old_marks_.emplace_back(rank, units);
    marks_.clear();
  }
  /// What a rank whose own code has ended it leaves: the units that it ran, one after the other. Marks are
  /// gone when nothing is left to be done.
  void leave_mark(Rank rank, Interval units) { marks_[rank] = units; }
  std::optional<Interval> mark(Rank rank) const;
  void remove_marks() {
    marks_.clear();
    old_marks_.clear();
  }
  /// As protocol::CoordinatorStart has them.
  std::map<UnitId, std::vector<Rank>> suspects() const;
  /// The unit begins, whoever runs it; or a try of it has failed by itself. Throws Violation where it begins a second
  /// time, and no_rerun_lost holds, while its last try did not fail.
  void unit_begins(UnitId unit);
  void unit_failed(UnitId unit) { ++failed_[unit.value()]; }
  /// What a reader sees whose listing does not have the last commit.
  schedule::IntervalSet stale_done() const;

 private:
  enum class State : std::uint8_t { open, done, dead };
  struct File {
    protocol::SegmentContent content;
    bool torn = false;
    bool named = false;
  };
  void settle(UnitId unit, State state);
  std::uint64_t check_rows(const std::vector<Bytes>& blobs, const schedule::IntervalSet& units);
  void check_partials(const std::vector<Bytes>& blobs, const schedule::IntervalSet& units);
  std::uint64_t check_segment(const protocol::Segment& segment, schedule::IntervalSet& riding);

  const Scenario& scenario_;
  std::vector<State> state_;
  std::vector<std::uint64_t> row_of_;  // number of the last entry with a row of the unit
  schedule::IntervalSet done_, dead_, given_;
  schedule::IntervalSet given_now_;                   // by this launch
  std::vector<std::uint32_t> begun_, failed_;         // by unit, over all launches
  std::map<Rank, Interval> marks_;                    // of this launch
  std::vector<std::pair<Rank, Interval>> old_marks_;  // of earlier ones
  CommittedReduction reduction_;
  std::map<std::string, File> files_;
  std::uint64_t entries_ = 0, number_ = 0;
  schedule::IntervalSet last_done_;  // of the last commit
};

}  // namespace kiln::sim
