#pragma once

#include <cstddef>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

namespace kiln::detail {

/// Bytes that a value takes in memory, about. A type may say it itself: `std::size_t memory() const`.
template <class T>
std::size_t memory_of(const T& value) {
  if constexpr (requires { value.memory(); }) {
    return value.memory();
  } else if constexpr (std::is_trivially_copyable_v<T>) {
    return sizeof(T);
  } else if constexpr (requires {
                         value.size();
                         typename T::value_type;
                         value.begin();
                       }) {
    if constexpr (std::is_trivially_copyable_v<typename T::value_type>) {
      return sizeof(T) + value.size() * sizeof(typename T::value_type);
    } else {
      std::size_t sum = sizeof(T);
      for (const auto& one : value) sum += memory_of(one);
      return sum;
    }
  } else if constexpr (requires { std::tuple_size<T>::value; }) {
    return std::apply([](const auto&... parts) { return (std::size_t{0} + ... + memory_of(parts)); }, value);
  } else {
    return sizeof(T);
  }
}

}  // namespace kiln::detail
