#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace kiln {

/// What the values of a column are. The numbers are part of the formats on disk and on the wire.
enum class ColumnType : std::uint8_t {
  u8 = 1,
  i32 = 2,
  i64 = 3,
  u64 = 4,
  f64 = 5,
  text = 6,
  i8 = 7,
  i16 = 8,
  u16 = 9,
  u32 = 10,
  f32 = 11,
};

/// Bytes of one value; 0 for text.
std::size_t column_width(ColumnType type);

/// One column of a table of results: what HDF5, the wire and the CSV header need to know of it.
struct Column {
  std::string name;
  ColumnType type = ColumnType::u64;
  std::string unit;         ///< unit of measure, "" where there is none
  std::string description;  ///< one line for people
  std::uint32_t count = 1;  ///< values in each row; more than one is a fixed array (a 2-D dataset)
  bool list = false;        ///< each row has its own number of values (count is 1): values and offsets
  friend bool operator==(const Column&, const Column&) = default;
};
using Schema = std::vector<Column>;

/// A named table of results. Commands have one, called "".
struct Table {
  std::string name;
  Schema schema;
  friend bool operator==(const Table&, const Table&) = default;
};
using Tables = std::vector<Table>;

}  // namespace kiln
