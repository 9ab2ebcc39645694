#pragma once

#include <kiln/detail/interval.hpp>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>

namespace kiln::schedule {

/// A value for every unit: one for all of them until intervals are given others. Memory goes by the number of
/// intervals, never by the number of units.
template <class T>
class UnitValues {
 public:
  explicit UnitValues(T everywhere = T()) { values_.emplace(0, everywhere); }

  /// From now on these units have this value.
  void set(Interval interval, T value) {
    if (interval.empty()) return;
    const std::uint64_t first = interval.first.value();
    const std::uint64_t last = interval.last.value();
    const T behind = std::prev(values_.upper_bound(last))->second;
    values_.erase(values_.lower_bound(first), values_.upper_bound(last));
    values_.emplace(first, value);
    values_.emplace(last, behind);
  }

  T at(UnitId unit) const { return std::prev(values_.upper_bound(unit.value()))->second; }

  /// Calls f(value, piece) for each piece of the interval that has one value, in ascending order.
  template <class F>
  void for_each_piece(Interval interval, F f) const {
    auto it = std::prev(values_.upper_bound(interval.first.value()));
    for (; it != values_.end() && it->first < interval.last.value(); ++it) {
      const auto next = std::next(it);
      const UnitId end = next == values_.end() ? interval.last : std::min(interval.last, UnitId(next->first));
      f(it->second, Interval{std::max(interval.first, UnitId(it->first)), end});
    }
  }

  /// The values by the first unit that has them; the first begins at 0.
  const std::map<std::uint64_t, T>& steps() const { return values_; }

 private:
  std::map<std::uint64_t, T> values_;  // first unit -> value up to the next entry
};

}  // namespace kiln::schedule
