#pragma once

#include <kiln/detail/bytes.hpp>
#include <kiln/detail/interval.hpp>

#include <kiln/schema.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace kiln::units {

/// A dataset as it was when its stage began, cut along its first axis into units of `unit_rows` rows; the last one has
/// what is left.
struct DatasetSlices {
  std::string path;  ///< of the file, as it is opened
  std::string dataset;
  ColumnType element = ColumnType::f64;   ///< a type of numbers
  std::vector<std::uint64_t> dimensions;  ///< 1 to 32 of them
  std::uint64_t unit_rows = 1;
  std::uint64_t file_size = 0;  ///< bytes
  std::int64_t modified = 0;    ///< of the file; nanoseconds since 1970, UTC

  struct Part {
    std::uint64_t first = 0, rows = 0;
  };

  std::uint64_t rows() const { return dimensions.front(); }
  std::uint64_t row_values() const;
  std::uint64_t units() const;
  /// Throws kiln::Error (internal) where there is no such unit.
  Part part_of(UnitId unit) const;

  void encode(ByteWriter& out) const;
  /// Throws kiln::Error (internal) where the bytes are damaged.
  static DatasetSlices decode(ByteReader& in);

  friend bool operator==(const DatasetSlices&, const DatasetSlices&) = default;
};

/// Whether a row of such a dataset, and each unit of it, has a number of bytes that can be counted at all.
bool fits(const std::vector<std::uint64_t>& dimensions, std::size_t value_width);

}  // namespace kiln::units
