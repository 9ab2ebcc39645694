#pragma once

#include <kiln/detail/number.hpp>

#include <concepts>
#include <cstdint>
#include <string>
#include <type_traits>

namespace kiln {

namespace detail {

template <class T>
struct SumOf {
  using type = T;
};
template <std::floating_point T>
struct SumOf<T> {
  using type = double;
};
template <std::integral T>
struct SumOf<T> {
  using type = std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>;
};

}  // namespace detail

/// The sum. Of float and double: pairwise along the tree, as double; NaN and infinities as addition gives them. Of
/// integers: exact, in 64 bits, modulo 2^64. Of any other type with `+=`: along the tree.
///
///     stream.reduce(kiln::Sum<double>{})
template <class T = double>
struct Sum {
  using value_type = typename detail::SumOf<T>::type;
  static constexpr bool exact = std::is_integral_v<T>;

  std::string describe() const {
    return exact ? (std::is_signed_v<T> ? "sum of signed integers" : "sum of unsigned integers") : "sum";
  }
  value_type lift(const T& item) const noexcept(std::is_arithmetic_v<T>) {
    if constexpr (std::is_floating_point_v<T>) {
      return detail::to_double(item);
    } else {
      return static_cast<value_type>(item);
    }
  }
  void merge(value_type& left, const value_type& right) const noexcept(std::is_arithmetic_v<T>) {
    if constexpr (exact) {
      left = static_cast<value_type>(static_cast<std::uint64_t>(left) + static_cast<std::uint64_t>(right));
    } else {
      left += right;
    }
  }
};

/// How many items there were. Exact.
struct Count {
  using value_type = std::uint64_t;
  static constexpr bool exact = true;

  std::string describe() const { return "count"; }
  template <class Item>
  std::uint64_t lift(const Item&) const noexcept {
    return 1;
  }
  void merge(std::uint64_t& left, std::uint64_t right) const noexcept { left += right; }
};

}  // namespace kiln
