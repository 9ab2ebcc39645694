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
/// schema's order: begin_row, then one put per column. The schema itself is not held: writer and reader know it.
class Rows {
 public:
  Rows() = default;
  explicit Rows(const Schema& schema);

  void begin_row(UnitId unit) {
    units_.push_back(unit.value());
    next_ = 0;
  }
  /// T must have the width of the next column's type (asserted).
  template <class T>
    requires std::is_arithmetic_v<T>
  void put(T value) {
    columns_[next_++].values.put(value);
  }
  void put_text(std::string_view text);
  /// Many rows at once, in columns: begins a row for each unit; then one put_column a column, of fixed width, with a
  /// value for each.
  void begin_rows(Interval units);
  template <class T>
    requires std::is_arithmetic_v<T>
  void put_column(std::span<const T> values) {
    columns_[next_++].values.put_raw(values.data(), values.size_bytes());
  }

  std::size_t size() const { return units_.size(); }
  std::size_t bytes() const;
  const std::vector<std::uint64_t>& units() const { return units_; }
  std::size_t columns() const { return columns_.size(); }

  /// The values of a fixed-width column, packed.
  ByteView values(std::size_t column) const { return columns_[column].values.view(); }
  /// Value `row` of a fixed-width column. T must have the column's width.
  template <class T>
  T at(std::size_t column, std::size_t row) const {
    T value;
    std::memcpy(&value, columns_[column].values.view().data() + row * sizeof(T), sizeof(T));
    return value;
  }
  std::string_view text_at(std::size_t column, std::size_t row) const;

  /// All rows of `other` (same schema) behind the rows here.
  void append(const Rows& other);
  /// Row `row` of `other` (same schema) behind the rows here.
  void append_row(const Rows& other, std::size_t row);

  void encode(ByteWriter& out) const;
  /// Throws kiln::Error (internal) where the bytes do not fit the schema.
  static Rows decode(ByteReader& in, const Schema& schema);

 private:
  struct ColumnData {
    std::size_t width = 0;            // 0: text
    ByteWriter values;                // packed values, or the bytes of all texts
    std::vector<std::uint64_t> ends;  // text only: end of text i within values
  };
  std::vector<std::uint64_t> units_;
  std::vector<ColumnData> columns_;
  std::size_t next_ = 0;
};

}  // namespace kiln
