#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <type_traits>

namespace kiln::detail {

/// The NaN that arithmetic itself makes on this processor. Which of two NaNs an addition gives depends on the order in
/// which the compiler put its operands; where all are the same, it does not matter.
#if defined(__x86_64__) || defined(__i386__)
inline constexpr double kNan = std::bit_cast<double>(std::uint64_t{0xfff8} << 48);
#else
inline constexpr double kNan = std::bit_cast<double>(std::uint64_t{0x7ff8} << 48);
#endif

/// An item as a double, every NaN as kNan.
template <class T>
  requires std::is_arithmetic_v<T>
double to_double(T item) {
  const auto number = static_cast<double>(item);
  if constexpr (std::is_floating_point_v<T>) {
    return number == number ? number : kNan;
  } else {
    return number;
  }
}

/// All bits of it as text: "1.8p+1".
std::string exact_text(double number);

}  // namespace kiln::detail
