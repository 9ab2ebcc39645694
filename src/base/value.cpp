#include "base/value.hpp"

#include <fmt/format.h>
#include <kiln/error.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <iterator>
#include <type_traits>

namespace kiln {
namespace {

template <class T>
T as(ByteView bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

double shortest(float number) {
  if (!std::isfinite(number)) return number;
  std::array<char, 64> digits;
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  double same = number;
  std::from_chars(digits.data(), written.ptr, same);
  return same;
}

}  // namespace

Value number_from(ColumnType type, ByteView bytes) {
  switch (type) {
    case ColumnType::u8:
      return std::uint64_t{as<std::uint8_t>(bytes)};
    case ColumnType::u16:
      return std::uint64_t{as<std::uint16_t>(bytes)};
    case ColumnType::u32:
      return std::uint64_t{as<std::uint32_t>(bytes)};
    case ColumnType::u64:
      return as<std::uint64_t>(bytes);
    case ColumnType::i8:
      return std::int64_t{as<std::int8_t>(bytes)};
    case ColumnType::i16:
      return std::int64_t{as<std::int16_t>(bytes)};
    case ColumnType::i32:
      return std::int64_t{as<std::int32_t>(bytes)};
    case ColumnType::i64:
      return as<std::int64_t>(bytes);
    case ColumnType::f32:
      return shortest(as<float>(bytes));
    case ColumnType::f64:
      return as<double>(bytes);
    case ColumnType::text:
      break;
  }
  throw Error(ExitCode::internal, "a text was asked for as a number");
}

std::size_t size(const ListView& list) { return list.bytes.size() / column_width(list.type); }

Value number_in(const ListView& list, std::size_t index) {
  const std::size_t width = column_width(list.type);
  return number_from(list.type, list.bytes.subspan(index * width, width));
}

std::string list_text(const ListView& list) {
  fmt::memory_buffer out;
  const auto put = [&](auto one) {
    if constexpr (std::is_same_v<decltype(one), double>) {
      if (std::isnan(one)) {
        fmt::format_to(std::back_inserter(out), "NaN");
      } else if (std::isinf(one)) {
        fmt::format_to(std::back_inserter(out), "{}Infinity", one < 0 ? "-" : "");
      } else {
        fmt::format_to(std::back_inserter(out), "{}", one);
      }
    } else if constexpr (std::is_integral_v<decltype(one)>) {
      fmt::format_to(std::back_inserter(out), "{}", one);
    }
  };
  out.push_back('[');
  for (std::size_t i = 0; i < size(list); ++i) {
    if (i != 0) out.push_back(',');
    std::visit(put, number_in(list, i));
  }
  out.push_back(']');
  return fmt::to_string(out);
}

}  // namespace kiln
