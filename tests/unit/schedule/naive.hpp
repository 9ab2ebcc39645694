#pragma once

#include "schedule/interval_set.hpp"

#include <cstdint>
#include <random>
#include <set>
#include <vector>

namespace kiln::schedule::testing {

/// What an IntervalSet must be equal to, unit by unit.
using UnitSet = std::set<std::uint64_t>;

inline UnitSet units_of(const IntervalSet& set) {
  UnitSet units;
  for (const Interval& interval : set.intervals()) {
    for (std::uint64_t unit = interval.first.value(); unit < interval.last.value(); ++unit) units.insert(unit);
  }
  return units;
}

/// 1 to `count`.
inline std::vector<Rank> ranks(std::int32_t count) {
  std::vector<Rank> result;
  for (std::int32_t i = 1; i <= count; ++i) result.emplace_back(i);
  return result;
}

/// Random numbers of one seed, the same on every machine.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t below(std::uint64_t limit) { return engine_() % limit; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  Interval interval(std::uint64_t units, std::uint64_t longest) {
    const std::uint64_t first = below(units);
    return make_interval(first, std::min(units, first + below(longest + 1)));
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace kiln::schedule::testing
