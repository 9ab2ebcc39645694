#pragma once

#include "schedule/interval_set.hpp"

namespace kiln::schedule {

/// Which units are done, committed, failed; each counts once. Done is not committed.
class Ledger {
 public:
  explicit Ledger(std::uint64_t units) : units_(units) {}

  std::uint64_t units() const { return units_; }
  /// New units at the end (a source that grew).
  void grow(std::uint64_t units);

  /// A result has come in. Returns the part of `interval` that was not settled (done, committed or dead) before:
  /// only that counts.
  IntervalSet mark_done(Interval interval);
  /// A unit is a dead letter; false when it was settled before.
  bool mark_dead(UnitId unit);
  /// The results of these done units are lost before they were committed: they are open again. Throws kiln::Error
  /// (internal) where one is committed or not done.
  void reopen(const IntervalSet& units);
  /// These units' results (or dead letters) are in the journal. They must be done or dead.
  void mark_committed(const IntervalSet& units);
  /// What the journal says at the start: done units and dead letters, all committed.
  void restore(const IntervalSet& done, const IntervalSet& dead);

  const IntervalSet& done() const { return done_; }            ///< succeeded, committed or not
  const IntervalSet& dead() const { return dead_; }            ///< dead letters, committed or not
  const IntervalSet& committed() const { return committed_; }  ///< of either
  IntervalSet open() const;                                    ///< neither done nor dead
  bool settled(UnitId unit) const { return done_.contains(unit) || dead_.contains(unit); }
  bool complete() const { return done_.count() + dead_.count() == units_; }
  bool all_committed() const { return committed_.count() == units_; }

 private:
  std::uint64_t units_;
  IntervalSet done_, dead_, committed_;
};

}  // namespace kiln::schedule
