#pragma once

#include "base/value.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

/// How results are shown: pure formatting. A row is one value for each name.
namespace kiln::cli {

using RowValues = std::span<const Value>;

/// RFC 4180: fields with commas, quotes or line ends are quoted, lines end in CR LF. Bytes that are not UTF-8, and NUL,
/// are written as \xNN. Missing values are empty; a NaN is NaN. An array or list of numbers is one field, "[1,2.5]"
/// (kiln::list_text).
void append_csv_header(std::string& out, const std::vector<Field>& fields);
void append_csv_row(std::string& out, RowValues values);
void append_csv_text(std::string& out, std::string_view text);

/// One JSON object on a line; missing values are null, also in arrays, bytes that are not UTF-8, and NUL, are \xNN.
void append_json_row(std::string& out, const std::vector<Field>& fields, RowValues values);

/// The value as a cell of a table for people: on one line, numbers as short as read back to the same; "-" where it is
/// missing.
std::string cell_text(const Value& value);

/// Everything about one unit, one field a line, then the beginnings of its outputs.
std::string unit_text(const std::vector<Field>& fields, RowValues values, const std::string& directory);

}  // namespace kiln::cli
