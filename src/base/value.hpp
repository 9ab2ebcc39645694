#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace kiln {

/// A value of a record; nothing where it is missing. Text is the raw bytes, borrowed from the record.
using Value = std::variant<std::monostate, std::int64_t, std::uint64_t, double, std::string_view>;

/// A named value that every record of a table has.
struct Field {
  std::string name;
  bool is_text = false;  ///< else a number
  std::string unit;      ///< unit of measure: "s", "B", ""
};

}  // namespace kiln
