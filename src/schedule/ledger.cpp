#include "schedule/ledger.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

namespace kiln::schedule {
namespace {

void expect_within(Interval interval, std::uint64_t units, const char* what) {
  if (interval.empty() || interval.last.value() <= units) return;
  throw Error(ExitCode::internal, fmt::format("ledger: {} names unit {}, but the source has {} units", what,
                                              interval.last.value() - 1, units));
}

}  // namespace

void Ledger::grow(std::uint64_t units) {
  if (units < units_) {
    throw Error(ExitCode::internal, fmt::format("ledger: a source cannot shrink from {} to {} units", units_, units));
  }
  units_ = units;
}

IntervalSet Ledger::mark_done(Interval interval) {
  expect_within(interval, units_, "a result");
  IntervalSet fresh = done_.missing(interval);
  if (dead_.overlaps(interval)) fresh.erase(dead_.intersection(interval));
  done_.insert(fresh);
  return fresh;
}

bool Ledger::mark_dead(UnitId unit) {
  expect_within(single(unit), units_, "a dead letter");
  if (settled(unit)) return false;
  dead_.insert(single(unit));
  return true;
}

void Ledger::reopen(const IntervalSet& units) {
  for (const Interval interval : units.intervals()) {
    if (committed_.overlaps(interval) || !done_.contains(interval)) {
      throw Error(ExitCode::internal, fmt::format("ledger: units {} to {} are reopened, but not done or committed",
                                                  interval.first.value(), interval.last.value() - 1));
    }
  }
  done_.erase(units);
}

void Ledger::mark_committed(const IntervalSet& units) {
  for (const Interval& interval : units.intervals()) {
    IntervalSet unknown = done_.missing(interval);
    unknown.erase(dead_.intersection(interval));
    if (const auto first = unknown.front()) {
      throw Error(ExitCode::internal,
                  fmt::format("ledger: unit {} was committed before it was settled", first->first.value()));
    }
  }
  committed_.insert(units);
}

void Ledger::restore(const IntervalSet& done, const IntervalSet& dead) {
  if (const auto last = done.back()) expect_within(*last, units_, "the journal");
  if (const auto last = dead.back()) expect_within(*last, units_, "the journal");
  done_ = done;
  dead_ = dead;
  dead_.erase(done);
  committed_ = done_;
  committed_.insert(dead_);
}

IntervalSet Ledger::open() const {
  IntervalSet result = done_.missing(make_interval(0, units_));
  result.erase(dead_);
  return result;
}

}  // namespace kiln::schedule
