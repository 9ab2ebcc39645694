#pragma once

#include <kiln/detail/bytes.hpp>
#include <kiln/schema.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace kiln {

/// The numbers of an array or list, packed; borrowed from the record.
struct ListView {
  ColumnType type = ColumnType::f64;
  ByteView bytes;
  friend bool operator==(const ListView& a, const ListView& b) {
    return a.type == b.type && std::equal(a.bytes.begin(), a.bytes.end(), b.bytes.begin(), b.bytes.end());
  }
};

/// A value of a record; nothing where it is missing. Text is the raw bytes, borrowed from the record.
using Value = std::variant<std::monostate, std::int64_t, std::uint64_t, double, std::string_view, ListView>;

/// A named value that every record of a table has.
struct Field {
  std::string name;
  bool is_text = false;  ///< else a number
  std::string unit;      ///< unit of measure: "s", "B", ""
  bool is_list = false;  ///< an array or list of numbers
};

/// The packed number of this type (not text): a std::int64_t, std::uint64_t or double. An f32 is the double with the
/// fewest digits that is still the same f32: 0.1 and not 0.10000000149.
Value number_from(ColumnType type, ByteView bytes);
/// How many numbers there are, and each of them.
std::size_t size(const ListView& list);
Value number_in(const ListView& list, std::size_t index);
/// "[1,2.5,NaN]", as Python's json reads it: numbers as short as read back to the same, and NaN, Infinity, -Infinity.
std::string list_text(const ListView& list);

}  // namespace kiln
