#pragma once

#include <kiln/detail/rows.hpp>
#include "store/h5.hpp"

#include <cstdint>
#include <string_view>
#include <vector>

/// Rows as a group of an HDF5 file: "unit" (u64, ascending), each column under its name (numbers as they are, fixed
/// arrays with two dimensions, texts x as x_bytes and x_ends, lists x as x_values and x_ends), and the schema as an
/// attribute. Shared by commits, segments and merged files.
namespace kiln::store {

/// With `packed` long columns of numbers are chunked, shuffled and deflated.
void write_rows(const h5::Handle& parent, const Rows& rows, const Schema& schema, bool packed = false);

/// A group of rows, opened once and read in ranges.
class RowsGroup {
 public:
  /// `limit`: bytes of the file; nothing is believed that cannot be in it.
  RowsGroup(h5::Handle group, std::uint64_t limit);
  std::uint64_t size() const { return size_; }
  const Schema& schema() const { return schema_; }
  /// Bytes of all rows and their units in memory.
  std::uint64_t bytes() const;
  std::vector<std::uint64_t> units(std::uint64_t first, std::uint64_t count) const;
  Rows read(std::uint64_t first, std::uint64_t count) const;
  /// Values of one column of u64, single numbers; all 0 where there is no such column.
  std::vector<std::uint64_t> numbers(std::string_view column, std::uint64_t first, std::uint64_t count) const;

 private:
  struct Values {
    std::vector<std::uint64_t> ends;  // of texts and lists, from the first row's begin on
    Bytes bytes;
  };
  Values read_column(const Column& column, std::uint64_t first, std::uint64_t count) const;
  Values read_varying(const Column& column, std::uint64_t first, std::uint64_t count) const;

  h5::Handle group_;
  std::uint64_t limit_;
  std::uint64_t size_ = 0;
  Schema schema_;
};

/// "name<TAB>type<TAB>unit<TAB>description" a line; of fixed arrays and lists then <TAB> and the number of values or
/// "list".
std::string schema_text(const Schema& schema);
/// Throws kiln::Error (internal).
Schema parse_schema(std::string_view text);

}  // namespace kiln::store
