#pragma once

#include <kiln/codec.hpp>
#include <kiln/detail/memory.hpp>
#include <kiln/detail/show.hpp>
#include <kiln/ids.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace kiln {

/// All items in the order of their units. Every rank gets all of them, so they must fit into the memory of each; rows()
/// has no such bound.
template <class T>
struct Collect {
  using value_type = std::vector<T>;
  static constexpr bool exact = false;

  std::string describe() const { return "collect"; }
  std::vector<T> lift(const T& item) const { return {item}; }
  void merge(std::vector<T>& left, const std::vector<T>& right) const {
    left.insert(left.end(), right.begin(), right.end());
  }
  void merge(std::vector<T>& left, std::vector<T>&& right) const {
    left.insert(left.end(), std::make_move_iterator(right.begin()), std::make_move_iterator(right.end()));
  }
};

/// An item and the unit that gave it.
template <class T>
struct Ranked {
  T value;
  UnitId unit;

  void encode(ByteWriter& out) const {
    Codec<T>::write(out, value);
    out.put(unit.value());
  }
  static Ranked decode(ByteReader& in) {
    T value = Codec<T>::read(in);
    return {std::move(value), UnitId(in.get<std::uint64_t>())};
  }
  std::size_t memory() const { return sizeof(UnitId) + detail::memory_of(value); }
};

/// The best items, best first.
template <class T>
struct TopKValue {
  std::vector<Ranked<T>> best;

  void encode(ByteWriter& out) const { Codec<std::vector<Ranked<T>>>::write(out, best); }
  static TopKValue decode(ByteReader& in) { return {Codec<std::vector<Ranked<T>>>::read(in)}; }
  std::size_t memory() const { return detail::memory_of(best); }
  detail::Shown show() const {
    std::vector<T> values;
    std::vector<std::uint64_t> units;
    for (const Ranked<T>& one : best) {
      values.push_back(one.value);
      units.push_back(one.unit.value());
    }
    detail::Shown shown = detail::show_value(values);
    detail::add_table(shown, "at", {{"unit_id", units, "unit that gave it, row by row"}});
    return shown;
  }
};

/// The `k` greatest items by `Less`, which is `<` unless given (std::greater<> for the least ones). Of equal items
/// those of lower units go first, in a unit the earlier one. NaN comes behind all numbers. Exact.
///
///     stream.reduce(kiln::TopK<double>(10))                     // report.value.best[0].value
template <class T, class Less = std::less<>>
class TopK {
 public:
  using value_type = TopKValue<T>;
  static constexpr bool exact = true;

  explicit TopK(std::size_t k, Less less = {}) : k_(k), less_(std::move(less)) {}

  std::string describe() const { return "top " + std::to_string(k_); }
  TopKValue<T> lift(const T& item, UnitId unit) const {
    TopKValue<T> value;
    if (k_ != 0) value.best.push_back({item, unit});
    return value;
  }
  void add(TopKValue<T>& into, const T& item, UnitId unit) const {
    if (into.best.size() == k_) {
      if (k_ == 0 || !goes_before({item, unit}, into.best.back())) return;
      into.best.pop_back();
    }
    Ranked<T> one{item, unit};
    const auto at = std::upper_bound(into.best.begin(), into.best.end(), one,
                                     [&](const auto& a, const auto& b) { return goes_before(a, b); });
    into.best.insert(at, std::move(one));
  }
  void merge(TopKValue<T>& left, const TopKValue<T>& right) const {
    std::vector<Ranked<T>> all;
    all.reserve(left.best.size() + right.best.size());
    std::merge(std::make_move_iterator(left.best.begin()), std::make_move_iterator(left.best.end()), right.best.begin(),
               right.best.end(), std::back_inserter(all),
               [&](const auto& a, const auto& b) { return goes_before(a, b); });
    if (all.size() > k_) all.erase(all.begin() + static_cast<std::ptrdiff_t>(k_), all.end());
    left.best = std::move(all);
  }

 private:
  bool goes_before(const Ranked<T>& a, const Ranked<T>& b) const {
    if constexpr (std::is_floating_point_v<T>) {
      const bool a_is_nan = a.value != a.value;
      const bool b_is_nan = b.value != b.value;
      if (a_is_nan || b_is_nan) return a_is_nan == b_is_nan ? a.unit < b.unit : b_is_nan;
    }
    if (less_(b.value, a.value)) return true;
    if (less_(a.value, b.value)) return false;
    return a.unit < b.unit;
  }

  std::size_t k_;
  Less less_;
};

}  // namespace kiln
