#pragma once

#include <kiln/detail/rows.hpp>
#include "store/chunk_codec.hpp"
#include "store/h5.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::store {

/// One column of a table in an HDF5 file, filled from the front; its length is fixed when it is made. Values are held
/// until a chunk is full. Numeric columns of more than 65,536 values are chunked and deflated.
class ColumnWriter {
 public:
  /// With `count` above 1 each row is an array of so many values: a dataset of two dimensions.
  ColumnWriter(const h5::Handle& file, const std::string& path, ColumnType type, std::uint64_t rows,
               std::uint32_t count = 1);

  /// Packed values of the column's type.
  void append(ByteView values);
  template <class T>
    requires std::is_arithmetic_v<T>
  void put(T value) {
    append(std::as_bytes(std::span(&value, 1)));
  }
  /// Valid UTF-8 without NUL.
  void put_text(std::string text);

  /// For people and programs that look at the file; "" leaves one out. With `missing` it tells which value stands for
  /// none: NaN, `integer` of i64, -1 of i32.
  void describe(std::string_view unit, std::string_view description, bool missing = false, std::int64_t integer = -1);
  /// Writes what is held. Throws kiln::Error (internal) unless all rows were put.
  void finish();

  const h5::Handle& dataset() const { return dataset_; }

 private:
  void write(ByteView rows);
  void write_texts();

  std::string path_;
  ColumnType type_;
  h5::Type h5_type_;
  std::size_t width_;  // bytes of a row
  std::size_t piece_;  // and of a chunk
  std::uint64_t rows_, written_ = 0;
  h5::Handle dataset_;
  std::optional<ChunkCodec> codec_;  // where it has chunks
  Bytes values_;                     // of the next chunk
  std::vector<std::string> texts_;
  std::size_t text_bytes_ = 0;
};

/// A column whose rows are lists of numbers, each of its own length: all values behind one another at PATH, and
/// PATH_offsets, of one row more: where each list begins and ends.
class ListColumnWriter {
 public:
  ListColumnWriter(const h5::Handle& file, const std::string& path, ColumnType type, std::uint64_t rows);
  /// The packed values of the next row.
  void put(ByteView values);
  void describe(std::string_view unit, std::string_view description);
  /// Throws kiln::Error (internal) unless all rows were put.
  void finish();

 private:
  void flush();

  std::string path_;
  std::size_t width_;
  std::uint64_t total_ = 0, written_ = 0;
  h5::Handle dataset_;
  ChunkCodec codec_;
  ColumnWriter offsets_;
  Bytes values_;  // of the next chunk
};

/// A column of texts from anywhere, as table_text writes them; with `flagged` the column PATH_escaped says which rows
/// are escaped.
class TextColumnWriter {
 public:
  TextColumnWriter(const h5::Handle& file, const std::string& path, std::uint64_t rows, bool flagged);
  void put(std::string_view bytes);
  void describe(std::string_view unit, std::string_view description);
  void finish();

 private:
  ColumnWriter texts_;
  std::vector<ColumnWriter> flags_;  // one or none
};

}  // namespace kiln::store
