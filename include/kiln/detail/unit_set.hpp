#pragma once

#include <kiln/detail/bytes.hpp>
#include <kiln/detail/interval.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace kiln::detail {

/// Units that are in it once each: intervals that neither overlap nor touch. Memory goes by the number of intervals.
class UnitSet {
 public:
  /// Throws kiln::Error (internal) where any of the units is in the set; empty intervals change nothing.
  void add(Interval units);
  void add(const UnitSet& other);
  bool overlaps(Interval units) const;

  std::vector<Interval> intervals() const;
  std::size_t size() const { return starts_.size(); }  ///< intervals
  bool empty() const { return starts_.empty(); }
  void clear() { starts_.clear(); }

  /// Count, then first and last of each interval, ascending.
  void encode(ByteWriter& out) const;
  /// Throws kiln::Error (internal) where the intervals are not as encode writes them.
  static UnitSet decode(ByteReader& in);

 private:
  std::map<std::uint64_t, std::uint64_t> starts_;  // first -> last
};

}  // namespace kiln::detail
