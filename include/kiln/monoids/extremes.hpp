#pragma once

#include <kiln/codec.hpp>
#include <kiln/detail/memory.hpp>
#include <kiln/detail/show.hpp>
#include <kiln/ids.hpp>

#include <cstddef>
#include <string>
#include <utility>

namespace kiln {

/// The least or greatest item, and the unit that gave it.
template <class T>
struct Extreme {
  T value;
  UnitId unit;

  void encode(ByteWriter& out) const {
    Codec<T>::write(out, value);
    out.put(unit.value());
  }
  static Extreme decode(ByteReader& in) {
    T value = Codec<T>::read(in);
    return {std::move(value), UnitId(in.get<std::uint64_t>())};
  }
  std::size_t memory() const { return sizeof(UnitId) + detail::memory_of(value); }
  detail::Shown show() const {
    detail::Shown shown = detail::show_value(value);
    detail::add_table(shown, "at", {{"unit_id", std::vector<std::uint64_t>{unit.value()}, "unit that gave it"}});
    return shown;
  }
};

/// The same with what belongs to the item.
template <class T, class Arg>
struct ArgExtreme {
  T value;
  Arg argument;
  UnitId unit;

  void encode(ByteWriter& out) const {
    Codec<T>::write(out, value);
    Codec<Arg>::write(out, argument);
    out.put(unit.value());
  }
  static ArgExtreme decode(ByteReader& in) {
    T value = Codec<T>::read(in);
    Arg argument = Codec<Arg>::read(in);
    return {std::move(value), std::move(argument), UnitId(in.get<std::uint64_t>())};
  }
  std::size_t memory() const { return sizeof(UnitId) + detail::memory_of(value) + detail::memory_of(argument); }
  detail::Shown show() const {
    detail::Shown shown = Extreme<T>{value, unit}.show();
    detail::add_part(shown, "argument", detail::show_value(argument));
    return shown;
  }
};

namespace detail {

/// What Min, Max, ArgMin and ArgMax are made of.
template <class T, class Value, bool kGreatest>
struct ExtremeMonoid {
  using value_type = Value;
  static constexpr bool exact = true;

  void merge(Value& left, const Value& right) const {
    if (is_better(right, left)) left = right;
  }

 private:
  static bool is_nan(const T& value) {
    if constexpr (std::is_floating_point_v<T>) {
      return value != value;
    } else {
      return false;
    }
  }
  static bool is_better(const Value& one, const Value& other) {
    if (is_nan(one.value) != is_nan(other.value)) return is_nan(other.value);
    if (kGreatest ? other.value < one.value : one.value < other.value) return true;
    if (kGreatest ? one.value < other.value : other.value < one.value) return false;
    return one.unit < other.unit;
  }
};

}  // namespace detail

/// The least item, by `<`. Of equal ones that of the lowest unit, in a unit the first. NaN only where all items are.
/// Exact.
template <class T = double>
struct Min : detail::ExtremeMonoid<T, Extreme<T>, false> {
  std::string describe() const { return "min"; }
  Extreme<T> lift(const T& item, UnitId unit) const { return {item, unit}; }
};

/// The greatest item, by `<`; else as Min.
template <class T = double>
struct Max : detail::ExtremeMonoid<T, Extreme<T>, true> {
  std::string describe() const { return "max"; }
  Extreme<T> lift(const T& item, UnitId unit) const { return {item, unit}; }
};

/// Of items (value, argument), std::pair, the one with the least value; else as Min.
template <class T, class Arg>
struct ArgMin : detail::ExtremeMonoid<T, ArgExtreme<T, Arg>, false> {
  std::string describe() const { return "argmin"; }
  ArgExtreme<T, Arg> lift(const std::pair<T, Arg>& item, UnitId unit) const { return {item.first, item.second, unit}; }
};

/// Of items (value, argument), std::pair, the one with the greatest value; else as Min.
template <class T, class Arg>
struct ArgMax : detail::ExtremeMonoid<T, ArgExtreme<T, Arg>, true> {
  std::string describe() const { return "argmax"; }
  ArgExtreme<T, Arg> lift(const std::pair<T, Arg>& item, UnitId unit) const { return {item.first, item.second, unit}; }
};

}  // namespace kiln
