#pragma once

#include <cstdint>
#include <string>

namespace kiln {

/// Of Flow::json_lines.
struct JsonOptions {
  std::uint64_t split = 1 << 20;  ///< bytes of a unit; part of the run: another value, other units
  bool strict = false;  ///< a record with a field that the struct does not have is rejected, else it is skipped
};

/// Of Flow::csv.
struct CsvOptions {
  std::uint64_t split = 1 << 20;  ///< as in JsonOptions
  bool strict = false;            ///< files may have no columns that the struct does not have, else they are skipped
  char separator = ',';           ///< between fields: any ASCII character but a quote, a line end or NUL
  /// Quoted fields may go over several lines. Then each file is one unit, as only its begin tells what is quoted.
  bool multiline = false;
};

}  // namespace kiln
