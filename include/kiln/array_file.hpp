#pragma once

#include <kiln/schema.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>

namespace kiln {

namespace detail {

template <class T>
constexpr ColumnType array_type() {
  if constexpr (std::is_same_v<T, float>) return ColumnType::f32;
  if constexpr (std::is_same_v<T, double>) return ColumnType::f64;
  static_assert(std::is_arithmetic_v<T> && !std::is_same_v<T, bool> && sizeof(T) <= 8, "numbers of at most 8 bytes");
  if constexpr (std::is_unsigned_v<T>) {
    return sizeof(T) == 1   ? ColumnType::u8
           : sizeof(T) == 2 ? ColumnType::u16
           : sizeof(T) == 4 ? ColumnType::u32
                            : ColumnType::u64;
  } else if constexpr (!std::is_floating_point_v<T>) {
    return sizeof(T) == 1   ? ColumnType::i8
           : sizeof(T) == 2 ? ColumnType::i16
           : sizeof(T) == 4 ? ColumnType::i32
                            : ColumnType::i64;
  }
}

}  // namespace detail

/// A new HDF5 file of numbers: input for Flow::hdf5, or a program's own arrays. Not collective: in a program it belongs
/// into Session::at_root. Until close() the file is called NAME.part; close() makes it durable and gives it its name.
/// Every call throws kiln::Error (run_directory or, on a full disk, stopped_early) that names the file.
class ArrayFile {
 public:
  /// An older NAME.part is replaced; an older NAME stays until close().
  explicit ArrayFile(const std::string& path);
  /// Without close(), the file is thrown away.
  ~ArrayFile();
  ArrayFile(const ArrayFile&) = delete;
  ArrayFile& operator=(const ArrayFile&) = delete;

  /// A dataset of `rows` values, or of `rows` x `columns` values (row by row) where columns > 0, to be filled by
  /// append. Missing groups in its path are made. `chunk_rows` > 0 stores it in chunks of so many rows; with `deflate`
  /// (1..9) they are compressed.
  template <class T>
  void create(const std::string& dataset, std::uint64_t rows, std::uint64_t columns = 0, std::uint64_t chunk_rows = 0,
              int deflate = 0) {
    create(dataset, detail::array_type<T>(), rows, columns, chunk_rows, deflate);
  }
  /// The next rows of the dataset created last; whole ones. All rows must be there before another one is created and
  /// before close().
  template <class T>
  void append(std::span<const T> values) {
    append(detail::array_type<T>(), std::as_bytes(values));
  }
  /// A whole dataset.
  template <class T>
  void write(const std::string& dataset, std::span<const T> values, std::uint64_t columns = 0) {
    create<T>(dataset, columns == 0 ? values.size() : values.size() / columns, columns);
    append<T>(values);
  }
  /// A text or number as an attribute of the file.
  void attribute(const std::string& name, const std::string& text);
  void attribute(const std::string& name, double number);

  /// Last call.
  void close();

 private:
  void create(const std::string& dataset, ColumnType type, std::uint64_t rows, std::uint64_t columns,
              std::uint64_t chunk_rows, int deflate);
  void append(ColumnType type, std::span<const std::byte> values);

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kiln
