#pragma once

#include <fmt/core.h>

#include <concepts>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

namespace kiln {

/// A whole number of a file: get() of the library would take a fraction, and what does not fit, for some other number.
/// Throws std::runtime_error.
template <std::integral Integer, class Json>
  requires(!std::same_as<Integer, bool>)
Integer whole_number(const Json& json) {
  if (json.is_number_unsigned()) {
    if (const auto value = json.template get<std::uint64_t>(); std::in_range<Integer>(value)) {
      return static_cast<Integer>(value);
    }
  } else if (json.is_number_integer()) {
    if (const auto value = json.template get<std::int64_t>(); std::in_range<Integer>(value)) {
      return static_cast<Integer>(value);
    }
  }
  throw std::runtime_error(
      fmt::format("{} stands where a whole number of {} bits belongs", json.type_name(), sizeof(Integer) * 8));
}

}  // namespace kiln
