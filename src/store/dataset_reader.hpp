#pragma once

#include "store/h5.hpp"

#include <kiln/schema.hpp>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace kiln::store {

/// A dataset of numbers in a file of the user's, open for reading, without HDF5's file locking. Only the byte order is
/// converted. Any thread, one at a time. A file that is damaged in other places than the values may be more than the
/// HDF5 library survives.
class DatasetReader {
 public:
  /// Throws kiln::Error (bad_input) that says what was found, where there is no such file or dataset, where it holds
  /// anything else than `element`, or has not `rank` dimensions (0: any number of them but none).
  DatasetReader(const std::filesystem::path& file, const std::string& dataset, ColumnType element, std::uint32_t rank);

  const std::vector<std::uint64_t>& dimensions() const { return dimensions_; }
  /// Rows of a chunk; 0 where the dataset is stored in one piece.
  std::uint64_t chunk_rows() const { return chunk_.empty() ? 0 : chunk_.front(); }
  /// Chunks pass a filter (deflate, say) when they are read.
  bool packed() const { return packed_; }

  /// Rows [first, first + rows), in C order; `values` has exactly their size. In pieces of at most h5::kPiece, so that
  /// a commit of the same process need not wait long. Throws kiln::Error (internal) with file, dataset and rows where a
  /// piece cannot be read, say because a chunk is damaged; other rows can be read all the same.
  void read(std::uint64_t first, std::uint64_t rows, std::span<std::byte> values) const;

 private:
  using Box = std::vector<std::uint64_t>;
  void open(const std::string& dataset);
  void ask_for_chunks();
  void read_box(Box start, Box count, std::span<std::byte> values) const;
  void read_piece(const Box& start, const Box& count, std::span<std::byte> values) const;

  std::string shown_;  // file and dataset, for messages
  h5::Type type_;
  std::size_t width_;
  h5::Handle file_, dataset_;
  std::vector<std::uint64_t> dimensions_;
  std::vector<std::uint64_t> chunk_;  // its shape; empty where there are none
  bool packed_ = false;
};

}  // namespace kiln::store
