#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

/// How results are shown: pure formatting.
namespace kiln::cli {

/// A value of a column; nothing where it is missing. Text holds the raw bytes.
using Value = std::variant<std::monostate, std::int64_t, std::uint64_t, double, std::string>;

/// What came of one unit.
struct ResultRow {
  std::uint64_t unit = 0;
  std::int64_t line = -1;  ///< -1: none
  std::string status;      ///< "ok", "failed", "timeout", "removed", …
  std::uint32_t attempts = 1;
  std::string reason;          ///< of a failure; else ""
  std::vector<Value> columns;  ///< as the names that the writer below was made with
};

/// A table for people, row by row.
class ResultTable {
 public:
  /// `width` in columns, 0: as wide as it gets. `units`: the highest id expected, for the width of the first columns.
  ResultTable(std::vector<std::string> names, bool failed_only, std::size_t width, std::uint64_t units);
  std::string header() const;
  std::string row(const ResultRow& row) const;

 private:
  const Value* find(const ResultRow& row, const char* name) const;
  std::string fit(std::string text) const;

  std::vector<std::string> names_;
  bool failed_only_;
  std::size_t width_;
  std::size_t id_width_;
};

/// RFC 4180: fields with commas, quotes or line ends are quoted, lines end in CR LF. Bytes that are not UTF-8, and NUL,
/// are written as \xNN. Missing values are empty.
std::string csv_header(const std::vector<std::string>& names);
std::string csv_row(const ResultRow& row);
std::string csv_field(const std::string& text);

/// One JSON object on a line; missing values are null, bytes that are not UTF-8, and NUL, are \xNN.
std::string json_row(const std::vector<std::string>& names, const ResultRow& row);

/// Everything about one unit, one field a line, then the beginnings of its outputs.
std::string unit_text(const std::vector<std::string>& names, const ResultRow& row, const std::string& directory);

}  // namespace kiln::cli
