#pragma once

#include "base/value.hpp"
#include "observe/row_text.hpp"

#include <string>
#include <vector>

/// How results are shown: pure formatting. A row is one value for each name.
namespace kiln::cli {

using observe::append_csv_header;
using observe::append_csv_row;
using observe::append_csv_text;
using observe::append_json_row;
using observe::RowValues;

/// The value as a cell of a table for people: on one line, numbers as short as read back to the same; "-" where it is
/// missing.
std::string cell_text(const Value& value);

/// Everything about one unit, one field a line, then the beginnings of its outputs.
std::string unit_text(const std::vector<Field>& fields, RowValues values, const std::string& directory);

}  // namespace kiln::cli
