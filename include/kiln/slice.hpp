#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace kiln {

/// Consecutive rows of an HDF5 dataset (along its first axis): what Flow::hdf5 gives, one a unit. The memory is the
/// engine's; valid while its unit runs.
template <class T>
class Slice {
 public:
  Slice(std::span<const T> values, std::uint64_t first, std::uint64_t row_values, std::vector<std::uint64_t> dimensions)
      : values_(values), first_(first), row_values_(row_values), dimensions_(std::move(dimensions)) {}

  /// Index of the first row in the dataset.
  std::uint64_t first() const { return first_; }
  std::uint64_t rows() const { return row_values_ == 0 ? 0 : values_.size() / row_values_; }
  /// Values in each row: 1 for a one-dimensional dataset.
  std::uint64_t columns() const { return row_values_; }
  /// Row `index` of the slice, 0 … rows()-1.
  std::span<const T> operator[](std::uint64_t index) const { return values_.subspan(index * row_values_, row_values_); }
  /// All values, row by row.
  std::span<const T> values() const { return values_; }
  /// The dimensions of a row: those of the dataset behind the first.
  const std::vector<std::uint64_t>& dimensions() const { return dimensions_; }

 private:
  std::span<const T> values_;
  std::uint64_t first_, row_values_;
  std::vector<std::uint64_t> dimensions_;
};

}  // namespace kiln
