#pragma once

#include <kiln/detail/bytes.hpp>

#include <cstddef>
#include <span>

namespace kiln::store {

/// Chunks of a dataset as HDF5's filters shuffle and deflate leave them, made outside HDF5 and its lock. Keeps its
/// buffers from chunk to chunk. Not for two threads at once.
class ChunkCodec {
 public:
  /// `width`: bytes of one value (of an array: of one of its elements).
  explicit ChunkCodec(std::size_t width) : width_(width) {}

  /// The values of a whole chunk, shuffled and deflated at level 1. Valid until the next call.
  ByteView pack(ByteView values);
  /// Fills `values`, a whole chunk. Throws kiln::Error (internal) where `packed` does not hold exactly these.
  void unpack(ByteView packed, std::span<std::byte> values);

 private:
  std::size_t width_;
  Bytes shuffled_, packed_, level_;
};

}  // namespace kiln::store
