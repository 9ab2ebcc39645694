#pragma once

#include "base/value.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Rows as lines of files: pure formatting. A row is one value for each name.
namespace kiln::observe {

using RowValues = std::span<const Value>;

/// RFC 4180: fields with commas, quotes or line ends are quoted, lines end in CR LF. Texts are as kiln::table_text
/// writes them: bytes that are not UTF-8, and NUL, as \xNN. Missing values are empty; a NaN is NaN. An array or list of
/// numbers is one field, "[1,2.5]" (kiln::list_text).
void append_csv_header(std::string& out, const std::vector<Field>& fields);
void append_csv_row(std::string& out, RowValues values);
void append_csv_text(std::string& out, std::string_view text);

/// One JSON object on a line; missing values are null, also in arrays; texts as in CSV.
void append_json_row(std::string& out, const std::vector<Field>& fields, RowValues values);

}  // namespace kiln::observe
