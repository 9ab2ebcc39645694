#pragma once

#include <kiln/detail/interval.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace kiln::schedule {

/// A set of units as disjoint, non-touching, sorted intervals. Memory and time go by the number of intervals, never by
/// the number of units.
class IntervalSet {
 public:
  IntervalSet() = default;
  explicit IntervalSet(Interval interval) { insert(interval); }

  /// Adds the units; returns how many were not in the set before. Empty intervals change nothing.
  std::uint64_t insert(Interval interval);
  std::uint64_t insert(const IntervalSet& other);
  /// Removes the units; returns how many were in the set before.
  std::uint64_t erase(Interval interval);
  std::uint64_t erase(const IntervalSet& other);

  bool contains(UnitId unit) const;
  bool contains(Interval interval) const;  ///< all of it
  bool overlaps(Interval interval) const;  ///< any of it

  std::uint64_t count() const { return count_; }       ///< units
  std::size_t size() const { return starts_.size(); }  ///< intervals
  bool empty() const { return starts_.empty(); }
  void clear();

  /// The interval that begins first / last, without removing it.
  std::optional<Interval> front() const;
  std::optional<Interval> back() const;
  /// Removes and returns up to `most` units from the front (or back) of the first (or last) interval.
  std::optional<Interval> take_front(std::uint64_t most);
  std::optional<Interval> take_back(std::uint64_t most);

  /// The part of `within` that is / is not in the set.
  IntervalSet intersection(Interval within) const;
  IntervalSet missing(Interval within) const;

  std::vector<Interval> intervals() const;

  friend bool operator==(const IntervalSet& a, const IntervalSet& b) { return a.starts_ == b.starts_; }

 private:
  std::map<std::uint64_t, std::uint64_t> starts_;  // first -> last
  std::uint64_t count_ = 0;
};

}  // namespace kiln::schedule
