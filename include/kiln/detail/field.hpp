#pragma once

#include <kiln/detail/rows.hpp>
#include <kiln/schema.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

/// How values of C++ types lie in columns of rows.
namespace kiln::detail {

template <class>
inline constexpr bool kNever = false;

/// What a column of numbers can hold.
template <class T>
inline constexpr bool kIsNumber = (std::is_arithmetic_v<T> && !std::is_same_v<T, long double>) || std::is_enum_v<T>;

template <class T>
struct NumberOf {
  using type = T;
};
template <>
struct NumberOf<bool> {
  using type = std::uint8_t;
};
template <class T>
  requires std::is_enum_v<T>
struct NumberOf<T> : NumberOf<std::underlying_type_t<T>> {};
/// The number that stands for a value: of a bool 0 or 1, of an enumerator its own.
template <class T>
using Number = typename NumberOf<T>::type;

template <class T>
constexpr ColumnType number_type() {
  using N = Number<T>;
  static_assert(sizeof(N) <= 8);
  constexpr bool small = sizeof(N) < 4;
  if constexpr (std::is_floating_point_v<N>) {
    return sizeof(N) == 4 ? ColumnType::f32 : ColumnType::f64;
  } else if constexpr (std::is_signed_v<N>) {
    return small ? (sizeof(N) == 1 ? ColumnType::i8 : ColumnType::i16)
                 : (sizeof(N) == 4 ? ColumnType::i32 : ColumnType::i64);
  } else {
    return small ? (sizeof(N) == 1 ? ColumnType::u8 : ColumnType::u16)
                 : (sizeof(N) == 4 ? ColumnType::u32 : ColumnType::u64);
  }
}

template <class T>
constexpr T from_number(Number<T> number) {
  if constexpr (std::is_same_v<T, bool>) {
    return number != 0;
  } else {
    return static_cast<T>(number);
  }
}

/// A column that has no name yet.
inline Column make_column(ColumnType type, std::size_t count = 1, bool list = false) {
  return {"", type, "", "", static_cast<std::uint32_t>(count), list};
}

/// A field as a column: column(), which has no name yet; put() appends it to a row, get() reads it from one.
template <class T>
struct Field {
  static_assert(
      kNever<T>,
      "kiln: a field of this type cannot be a column of results. Columns are numbers (not long double), bool, "
      "enums, std::string, std::array<N> or T[N] of numbers, and std::vector of numbers. Leave the field out "
      "of KILN_COLUMNS, or keep what matters of it in fields of these types");
};

template <class T>
  requires kIsNumber<T>
struct Field<T> {
  static Column column() { return make_column(number_type<T>()); }
  static void put(Rows& rows, const T& value) { rows.put(static_cast<Number<T>>(value)); }
  static void get(const Rows& rows, std::size_t column, std::size_t row, T& value) {
    value = from_number<T>(rows.at<Number<T>>(column, row));
  }
};

template <class T, std::size_t N>
struct ArrayField {
  static_assert(kIsNumber<T>,
                "kiln: an array in a column holds numbers, bool or enums; a table in a cell has no column");
  static_assert(N > 0, "kiln: an array without values has no column");
  static Column column() { return make_column(number_type<T>(), N); }
  static void put(Rows& rows, const T* values) {
    std::array<Number<T>, N> numbers;
    std::transform(values, values + N, numbers.begin(), [](const T& value) { return static_cast<Number<T>>(value); });
    rows.put_array<Number<T>>(numbers);
  }
  static void get(const Rows& rows, std::size_t column, std::size_t row, T* values) {
    const auto numbers = rows.array_at<Number<T>>(column, row);
    std::transform(numbers.begin(), numbers.end(), values, from_number<T>);
  }
};
template <class T, std::size_t N>
struct Field<std::array<T, N>> : ArrayField<T, N> {
  static void put(Rows& rows, const std::array<T, N>& values) { ArrayField<T, N>::put(rows, values.data()); }
  static void get(const Rows& rows, std::size_t column, std::size_t row, std::array<T, N>& values) {
    ArrayField<T, N>::get(rows, column, row, values.data());
  }
};
template <class T, std::size_t N>
struct Field<T[N]> : ArrayField<T, N> {};

template <>
struct Field<std::string> {
  static Column column() { return make_column(ColumnType::text); }
  static void put(Rows& rows, const std::string& value) { rows.put_text(value); }
  static void get(const Rows& rows, std::size_t column, std::size_t row, std::string& value) {
    value = rows.text_at(column, row);
  }
};

template <class T, class Allocator>
struct Field<std::vector<T, Allocator>> {
  static_assert(kIsNumber<T>, "kiln: a std::vector in a column holds numbers, bool or enums");
  static Column column() { return make_column(number_type<T>(), 1, true); }
  static void put(Rows& rows, const std::vector<T, Allocator>& values) {
    if constexpr (std::is_same_v<T, Number<T>>) {
      rows.put_list<T>(values);
    } else {
      std::vector<Number<T>> numbers;
      numbers.reserve(values.size());
      for (const T value : values) numbers.push_back(static_cast<Number<T>>(value));
      rows.put_list<Number<T>>(numbers);
    }
  }
  static void get(const Rows& rows, std::size_t column, std::size_t row, std::vector<T, Allocator>& values) {
    const auto numbers = rows.list_at<Number<T>>(column, row);
    values.clear();
    values.reserve(numbers.size());
    for (const Number<T> number : numbers) values.push_back(from_number<T>(number));
  }
};

/// Whether a value of this type alone can be a column.
template <class T>
inline constexpr bool kIsField = kIsNumber<T> || std::is_same_v<T, std::string>;
template <class T, std::size_t N>
inline constexpr bool kIsField<std::array<T, N>> = kIsNumber<T>;
template <class T, class Allocator>
inline constexpr bool kIsField<std::vector<T, Allocator>> = kIsNumber<T>;

}  // namespace kiln::detail
