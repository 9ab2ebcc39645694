#pragma once

#include "store/row_stream.hpp"
#include "store/table_writer.hpp"

#include <string>
#include <variant>
#include <vector>

namespace kiln::store {

/// The columns of one table of results.h5, filled from rows. Numbers and arrays of rows that follow one another are
/// copied as one block.
class ColumnSet {
 public:
  /// Makes a dataset `prefix` + name for each column. With `missing` the columns tell which value stands for none:
  /// not where each number may be a result. Borrows the schema for its life.
  ColumnSet(const h5::Handle& file, const std::string& prefix, const Schema& schema, std::uint64_t rows, bool missing);

  /// Rows [first, first + count); their columns are the schema's.
  void put(const Rows& rows, std::size_t first, std::size_t count);
  void put(const RowWindow& window);
  /// The same of one column alone.
  void put_column(std::size_t column, const Rows& rows, std::size_t first, std::size_t count);
  /// The writer of a column of texts.
  TextColumnWriter& texts(std::size_t column) { return std::get<TextColumnWriter>(columns_[column]); }
  std::size_t size() const { return columns_.size(); }
  /// Throws kiln::Error (internal) unless all rows were put.
  void finish();

 private:
  const Schema& schema_;
  std::vector<std::variant<ColumnWriter, TextColumnWriter, ListColumnWriter>> columns_;
};

}  // namespace kiln::store
