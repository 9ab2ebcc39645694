#pragma once

#include <kiln/detail/bytes.hpp>
#include "units/argument_template.hpp"
#include "units/argument_words.hpp"
#include "units/column_splitter.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::units {

/// The whole content of a file; "-" is standard input. Throws kiln::Error (bad_input).
using ReadFile = std::function<Bytes(const std::string&)>;

/// One source of values, read: a row a value, with its columns.
class ArgumentTable {
 public:
  /// `number` is the source's, from 1; `splitter` may be null: rows have one column then. Throws kiln::Error
  /// (bad_input) for NUL bytes in a file of lines and for a header without values. `source` must outlive the table.
  ArgumentTable(const ArgumentSource& source, std::size_t number, const ArgumentWords& words,
                const ColumnSplitter* splitter, const ReadFile& read);

  std::size_t size() const { return row_ends_.empty() ? cells_.size() : row_ends_.size(); }
  ArgumentRow row(std::size_t index) const;
  std::size_t most_columns() const { return most_columns_; }
  const std::vector<std::string_view>& header() const { return header_; }  ///< empty without a header

  const std::string& name() const { return name_; }  ///< "names.txt", "standard input", "source 2"
  std::string place(std::size_t index) const;        ///< "names.txt:12", "value 3 of source 2"

 private:
  void read_values(std::vector<std::string_view> values, bool header, const ColumnSplitter* splitter);

  std::string name_;
  bool lines_ = false;    // rows are lines of a file
  std::size_t skip_ = 0;  // rows of header
  Bytes bytes_;
  std::vector<std::string_view> cells_, header_;
  std::vector<std::size_t> row_ends_;  // empty where each row is one cell
  std::size_t most_columns_ = 0;
};

}  // namespace kiln::units
