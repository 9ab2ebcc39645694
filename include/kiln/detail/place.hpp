#pragma once

#include <kiln/detail/interval.hpp>

#include <bit>
#include <compare>
#include <cstdint>
#include <vector>

namespace kiln::detail {

/// A node of the dyadic tree over unit ids: it covers [index << level, (index + 1) << level).
struct Place {
  std::uint64_t first = 0;  ///< a multiple of size()
  std::uint8_t level = 0;   ///< at most 63

  constexpr std::uint64_t size() const { return std::uint64_t{1} << level; }
  constexpr std::uint64_t last() const { return first + size(); }
  constexpr Interval units() const { return make_interval(first, last()); }
  constexpr bool is_right() const { return ((first >> level) & 1U) != 0; }
  /// The other child of parent().
  constexpr Place sibling() const { return {first ^ size(), level}; }
  constexpr Place parent() const { return {first & ~size(), static_cast<std::uint8_t>(level + 1)}; }
  friend constexpr auto operator<=>(const Place&, const Place&) = default;
};

/// The largest place that begins at `first` and ends at or before `last` (first < last).
constexpr Place largest_place(std::uint64_t first, std::uint64_t last) {
  const int by_size = 63 - std::countl_zero(last - first);
  const int by_begin = first == 0 ? 63 : std::countr_zero(first);
  return {first, static_cast<std::uint8_t>(by_size < by_begin ? by_size : by_begin)};
}

/// The number in [low, high] (low <= high) that is a multiple of the highest power of two: cut there, two intervals
/// have the fewest places.
constexpr std::uint64_t most_aligned(std::uint64_t low, std::uint64_t high) {
  if (low == 0) return 0;
  const int bits = 63 - std::countl_zero((low - 1) ^ high);  // below the highest bit in which they differ
  return high >> bits << bits;
}

/// The fewest places that cover the units, in order.
inline std::vector<Place> places_of(Interval units) {
  std::vector<Place> places;
  for (std::uint64_t first = units.first.value(); first < units.last.value(); first = places.back().last()) {
    places.push_back(largest_place(first, units.last.value()));
  }
  return places;
}

}  // namespace kiln::detail
