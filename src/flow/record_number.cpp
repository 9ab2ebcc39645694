#include "flow/record_number.hpp"

#include <charconv>
#include <cstring>
#include <limits>
#include <system_error>

namespace kiln::flow {
namespace {

template <class T>
NumberRead read_as(std::string_view text, AnyNumber& number) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc::invalid_argument || stop != end) return NumberRead::none;
  if (error == std::errc::result_out_of_range) return NumberRead::out_of_range;
  std::memcpy(number.bytes, &value, sizeof(T));
  return NumberRead::ok;
}

// A minus is no part of an unsigned number: a number all the same, but out of its range, unless it is -0.
template <class T>
NumberRead read_unsigned(std::string_view text, AnyNumber& number) {
  if (!text.starts_with('-')) return read_as<T>(text, number);
  const NumberRead without_sign = read_as<T>(text.substr(1), number);
  if (without_sign == NumberRead::none || text.substr(1).starts_with('-')) return NumberRead::none;
  T value{};
  std::memcpy(&value, number.bytes, sizeof(T));
  return without_sign == NumberRead::ok && value == 0 ? NumberRead::ok : NumberRead::out_of_range;
}

template <class T>
NumberRead narrow_to(std::int64_t value, AnyNumber& number) {
  if (value < std::int64_t{std::numeric_limits<T>::min()} || value > std::int64_t{std::numeric_limits<T>::max()}) {
    return NumberRead::out_of_range;
  }
  const auto narrow = static_cast<T>(value);
  std::memcpy(number.bytes, &narrow, sizeof(T));
  return NumberRead::ok;
}

}  // namespace

NumberRead read_number(std::string_view text, ColumnType type, AnyNumber& number) {
  switch (type) {
    case ColumnType::u8:
      return read_unsigned<std::uint8_t>(text, number);
    case ColumnType::u16:
      return read_unsigned<std::uint16_t>(text, number);
    case ColumnType::u32:
      return read_unsigned<std::uint32_t>(text, number);
    case ColumnType::u64:
      return read_unsigned<std::uint64_t>(text, number);
    case ColumnType::i8:
      return read_as<std::int8_t>(text, number);
    case ColumnType::i16:
      return read_as<std::int16_t>(text, number);
    case ColumnType::i32:
      return read_as<std::int32_t>(text, number);
    case ColumnType::i64:
      return read_as<std::int64_t>(text, number);
    case ColumnType::f32:
      return read_as<float>(text, number);
    case ColumnType::f64:
      return read_as<double>(text, number);
    case ColumnType::text:
      break;
  }
  return NumberRead::none;
}

NumberRead narrow_number(std::int64_t value, ColumnType type, AnyNumber& number) {
  switch (type) {
    case ColumnType::u8:
      return narrow_to<std::uint8_t>(value, number);
    case ColumnType::u16:
      return narrow_to<std::uint16_t>(value, number);
    case ColumnType::u32:
      return narrow_to<std::uint32_t>(value, number);
    case ColumnType::i8:
      return narrow_to<std::int8_t>(value, number);
    case ColumnType::i16:
      return narrow_to<std::int16_t>(value, number);
    case ColumnType::i32:
      return narrow_to<std::int32_t>(value, number);
    default:
      return narrow_to<std::int64_t>(value, number);
  }
}

const char* shown_type(ColumnType type) {
  switch (type) {
    case ColumnType::u8:
      return "an integer from 0 to 255";
    case ColumnType::u16:
      return "an integer from 0 to 65535";
    case ColumnType::u32:
      return "an integer from 0, of 32 bits";
    case ColumnType::u64:
      return "an integer from 0, of 64 bits";
    case ColumnType::i8:
      return "an integer from -128 to 127";
    case ColumnType::i16:
      return "an integer of 16 bits";
    case ColumnType::i32:
      return "an integer of 32 bits";
    case ColumnType::i64:
      return "an integer of 64 bits";
    case ColumnType::f32:
      return "a number of 32 bits";
    case ColumnType::f64:
      return "a number";
    case ColumnType::text:
      break;
  }
  return "a text";
}

}  // namespace kiln::flow
