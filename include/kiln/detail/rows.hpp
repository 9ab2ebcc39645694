#pragma once

#include <kiln/detail/bytes.hpp>
#include <kiln/detail/interval.hpp>

#include <kiln/ids.hpp>
#include <kiln/schema.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kiln {

/// Rows of typed columns, stored column by column; each row belongs to a unit. Rows are appended value by value in the
/// schema's order: begin_row, then one put per column: put of a number, put_array where the column's count is above
/// one, put_list of a list, put_text. T must be as wide as the column's type (not checked). The schema itself is not
/// held: writer and reader know it.
class Rows {
 public:
  Rows() = default;
  /// Throws kiln::Error (internal) where a column is neither a number, nor a fixed array or a list of numbers, nor
  /// text.
  explicit Rows(const Schema& schema);

  void begin_row(UnitId unit) {
    units_.push_back(unit.value());
    next_ = 0;
  }
  template <class T>
    requires std::is_arithmetic_v<T>
  void put(T value) {
    columns_[next_++].values.put(value);
  }
  void put_text(std::string_view text) { put_items(text.data(), text.size(), 1); }
  /// As many values as the column's count.
  template <class T>
    requires std::is_arithmetic_v<T>
  void put_array(std::span<const T> values) {
    columns_[next_++].values.put_raw(values.data(), values.size_bytes());
  }
  template <class T>
    requires std::is_arithmetic_v<T>
  void put_list(std::span<const T> values) {
    put_items(values.data(), values.size(), sizeof(T));
  }

  /// The next column's number, array, list or text as value_at() gives it.
  void put_value(ByteView value);
  /// Many rows at once, in columns: begins a row for each unit; then one put_column a column, of fixed width, with a
  /// value (an array: its count of values) for each.
  void begin_rows(Interval units);
  template <class T>
    requires std::is_arithmetic_v<T>
  void put_column(std::span<const T> values) {
    columns_[next_++].values.put_raw(values.data(), values.size_bytes());
  }
  /// Drops all rows but the first `rows`; at most size(). A row that was only begun is dropped whole.
  void truncate(std::size_t rows);

  std::size_t size() const { return units_.size(); }
  std::size_t bytes() const;
  const std::vector<std::uint64_t>& units() const { return units_; }
  std::size_t columns() const { return columns_.size(); }

  /// The values of a column, packed: numbers, arrays, all lists or all texts one behind the other.
  ByteView values(std::size_t column) const { return columns_[column].values.view(); }
  /// Of a column of texts or lists: where each ends within values(), in values (texts: bytes).
  std::span<const std::uint64_t> ends(std::size_t column) const { return columns_[column].ends; }
  /// Value `row` of a column of numbers. T must have the column's width.
  template <class T>
  T at(std::size_t column, std::size_t row) const {
    T value;
    std::memcpy(&value, columns_[column].values.view().data() + row * sizeof(T), sizeof(T));
    return value;
  }
  std::string_view text_at(std::size_t column, std::size_t row) const { return as_text(value_at(column, row)); }
  /// The array or list of a row; valid until the rows change. T must have the column's width.
  template <class T>
  std::span<const T> array_at(std::size_t column, std::size_t row) const {
    const ByteView bytes = value_at(column, row);
    return {reinterpret_cast<const T*>(bytes.data()), bytes.size() / sizeof(T)};
  }
  template <class T>
  std::span<const T> list_at(std::size_t column, std::size_t row) const {
    return array_at<T>(column, row);
  }
  /// The bytes of one row's number, array, list or text.
  ByteView value_at(std::size_t column, std::size_t row) const;

  /// All rows of `other` (same schema) behind the rows here.
  void append(const Rows& other) { append_rows(other, 0, other.size()); }
  /// Rows [first, first + count) of `other` (same schema) behind the rows here.
  void append_rows(const Rows& other, std::size_t first, std::size_t count);
  /// Row `row` of `other` (same schema) behind the rows here.
  void append_row(const Rows& other, std::size_t row);

  void encode(ByteWriter& out) const;
  /// Throws kiln::Error (internal) where the bytes do not fit the schema.
  static Rows decode(ByteReader& in, const Schema& schema);

 private:
  struct ColumnData {
    std::size_t width = 0;            // bytes of a row; 0: each row has its own number of items
    std::size_t item = 0;             // bytes of one value (texts: 1)
    ByteWriter values;                // packed
    std::vector<std::uint64_t> ends;  // only where width is 0: end of row i within values, in items

    bool varies() const { return width == 0; }
  };
  void put_items(const void* data, std::size_t count, std::size_t width) {
    ColumnData& column = columns_[next_++];
    column.values.put_raw(data, count * width);
    column.ends.push_back((column.ends.empty() ? 0 : column.ends.back()) + count);
  }

  std::vector<std::uint64_t> units_;
  std::vector<ColumnData> columns_;
  std::size_t next_ = 0;
};

}  // namespace kiln
