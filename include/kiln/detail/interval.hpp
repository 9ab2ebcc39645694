#pragma once

#include <kiln/ids.hpp>

#include <algorithm>
#include <cstdint>

namespace kiln {

/// Units `[first, last)`.
struct Interval {
  UnitId first;
  UnitId last;

  constexpr std::uint64_t size() const { return last.value() - first.value(); }
  constexpr bool empty() const { return first >= last; }
  constexpr bool contains(UnitId unit) const { return first <= unit && unit < last; }

  friend constexpr bool operator==(const Interval&, const Interval&) = default;
};

constexpr Interval make_interval(std::uint64_t first, std::uint64_t last) { return {UnitId(first), UnitId(last)}; }
constexpr Interval single(UnitId unit) { return {unit, unit.next()}; }

/// The units in both; empty (first == last) where there are none.
constexpr Interval intersect(const Interval& a, const Interval& b) {
  const UnitId first = std::max(a.first, b.first);
  return {first, std::max(first, std::min(a.last, b.last))};
}

}  // namespace kiln
