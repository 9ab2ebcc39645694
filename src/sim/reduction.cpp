#include "sim/reduction.hpp"

#include "sim/random.hpp"
#include "sim/violation.hpp"

#include <bit>
#include <cmath>

namespace kiln::sim {
namespace {

std::optional<Reduced> tree(const UnitModel& units, const schedule::IntervalSet& done, detail::Place place) {
  if (!done.overlaps(place.units())) return std::nullopt;
  if (place.level == 0) return reduced_unit(units, UnitId(place.first));
  const auto level = static_cast<std::uint8_t>(place.level - 1);
  const std::uint64_t half = std::uint64_t{1} << level;
  auto left = tree(units, done, {place.first, level});
  const auto right = tree(units, done, {place.first + half, level});
  if (left && right) Reduction::merge(*left, *right);
  return left ? left : right;
}

}  // namespace

Reduced reduced_unit(const UnitModel& units, UnitId unit) {
  const std::uint64_t value = units.value(unit);
  const double sum = std::ldexp(to_unit_interval(mix(value)), static_cast<int>(value % 60));
  return {sum, value, 0x9e3779b97f4a7c15ULL};
}

std::optional<Reduced> sequential_value(const UnitModel& units, const schedule::IntervalSet& done) {
  const auto last = done.back();
  if (!last) return std::nullopt;
  return tree(units, done, {0, static_cast<std::uint8_t>(std::bit_width(last->last.value()))});
}

schedule::IntervalSet CommittedReduction::admit(ByteView partials) {
  detail::TreeForest<Reduction> part(Reduction{});
  ByteReader in(partials, "partial results of a commit");
  part.admit(in);
  in.expect_done();
  schedule::IntervalSet units;
  for (const Interval interval : part.units()) {
    if (units_.overlaps(interval))
      violated("units {} to {} are reduced twice", interval.first.value(), interval.last.value());
    units.insert(interval);
  }
  units_.insert(units);
  forest_.absorb(part);
  return units;
}

}  // namespace kiln::sim
