#pragma once

#include "command_line.hpp"
#include "result_table.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kiln::cli {

/// Rows to standard output in the format asked for, some hundred KiB at a time.
class RowPrinter {
 public:
  /// `fields` must outlive this. `table`: how it looks as a table; the width is chosen here.
  RowPrinter(ResultsCommand::Format format, const std::vector<Field>& fields, ResultTable::Options table);

  void put(RowValues values);
  /// What was put so far is written on return. Throws kiln::Error (internal) where standard output takes no more.
  void flush();
  std::uint64_t rows() const { return rows_; }

 private:
  ResultsCommand::Format format_;
  const std::vector<Field>& fields_;
  std::optional<ResultTable> table_;
  std::string buffer_;
  std::uint64_t rows_ = 0;
};

}  // namespace kiln::cli
