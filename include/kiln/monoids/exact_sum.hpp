#pragma once

#include <kiln/detail/bytes.hpp>
#include <kiln/detail/show.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

namespace kiln {

/// A sum of doubles without any rounding: a fixed-point number that is wide enough for all of them (after U. Kulisch's
/// long accumulator), in digits of 32 bits whose carries wait. 568 bytes. At most 2^63 items.
class ExactSumValue {
 public:
  /// The sum, rounded once to the nearest double (ties to even). NaN where an item was NaN or infinities of both signs
  /// were there; else an infinity where one was there or the sum is too large. A sum of nothing but -0.0 is 0.0.
  double value() const;
  /// How many items were not finite.
  std::uint64_t not_finite() const { return nans_ + above_ + below_; }

  void add(double item) {
    const auto bits = std::bit_cast<std::uint64_t>(item);
    const auto exponent = static_cast<unsigned>(bits >> 52 & 0x7ff);
    if (exponent == 0x7ff) return add_special(item);
    const std::uint64_t fraction = bits & ((std::uint64_t{1} << 52) - 1);
    const std::uint64_t mantissa = exponent == 0 ? fraction : fraction | std::uint64_t{1} << 52;
    const unsigned shift = exponent == 0 ? 0 : exponent - 1;  // the item is mantissa * 2^(shift - 1074)
    const unsigned digit = shift / 32;
    const unsigned rest = shift % 32;
    const std::uint64_t low = mantissa << rest;
    const std::uint64_t high = rest == 0 ? 0 : mantissa >> (64 - rest);
    const std::int64_t sign = item < 0 ? -1 : 1;
    digits_[digit] += sign * static_cast<std::int64_t>(low & 0xffffffff);
    digits_[digit + 1] += sign * static_cast<std::int64_t>(low >> 32);
    digits_[digit + 2] += sign * static_cast<std::int64_t>(high);
    if (++waiting_ == kMostWaiting) carry();
  }
  void merge(const ExactSumValue& right);

  /// The same bytes for the same sum, however it came about.
  void encode(ByteWriter& out) const;
  static ExactSumValue decode(ByteReader& in);
  detail::Shown show() const;

 private:
  static constexpr std::size_t kDigits = 68;
  static constexpr std::uint32_t kMostWaiting = 1U << 30;

  void add_special(double item);
  /// Digits in [0, 2^32) but for the last, which has the sign.
  void carry();

  std::array<std::int64_t, kDigits> digits_{};  // digit i counts 2^(32 i - 1074)
  std::uint32_t waiting_ = 0;                   // no digit is larger than waiting_ + 1 times 2^32
  std::uint64_t nans_ = 0, above_ = 0, below_ = 0;
};

/// The sum of doubles without rounding on the way, so that no order matters: exact, correctly rounded at its end. Costs
/// a few ns an item; Sum<double> costs less and is right to the last digits but one or two.
struct ExactSum {
  using value_type = ExactSumValue;
  static constexpr bool exact = true;

  std::string describe() const { return "exact sum"; }
  template <class T>
    requires std::is_floating_point_v<T> && (sizeof(T) <= sizeof(double))
  ExactSumValue lift(T item) const {
    ExactSumValue value;
    value.add(item);
    return value;
  }
  template <class T>
    requires std::is_floating_point_v<T> && (sizeof(T) <= sizeof(double))
  void add(ExactSumValue& into, T item) const {
    into.add(item);
  }
  void merge(ExactSumValue& left, const ExactSumValue& right) const { left.merge(right); }
};

}  // namespace kiln
