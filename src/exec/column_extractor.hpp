#pragma once

#include "base/pattern.hpp"
#include "base/value.hpp"
#include "exec/result_column.hpp"

#include <string_view>
#include <vector>

namespace kiln::exec {

/// Takes the values of result columns out of the output of commands.
class ColumnExtractor {
 public:
  /// The columns come from parse_result_columns.
  explicit ColumnExtractor(std::vector<ResultColumn> columns);

  const std::vector<ResultColumn>& columns() const { return columns_; }
  bool reads(ResultColumn::Stream stream) const { return exec::reads(columns_, stream); }

  /// What the last match says; nothing where there is none or it is no number. Text is a
  /// view into the outputs, of at most 1 MiB.
  Value value(std::size_t column, std::string_view out, std::string_view err) const;
  /// All values, as the next columns of a row that was begun.
  void put(Rows& rows, std::string_view out, std::string_view err) const;

 private:
  std::vector<ResultColumn> columns_;
  std::vector<Pattern> patterns_;  // as columns_
};

}  // namespace kiln::exec
