#pragma once

#include <kiln/detail/bytes.hpp>
#include <kiln/detail/keyed/keyed_shard.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace kiln::detail {

/// Shards of a keyed step by hash, unless the plan says otherwise: part of the plan, never of the number of ranks.
inline constexpr std::uint32_t kHashShards = 256;

/// Entries of complete units for the owner of some shards: sections, each of one shard. Those of one shard are in the
/// order in which they were emitted, within a block and from block to block.
struct KeyedBlock {
  std::uint32_t owner = 0;
  Bytes bytes;
};

/// Puts sections into a block: shard (4 bytes), zero (4), size (8), entries.
class SectionWriter {
 public:
  explicit SectionWriter(Bytes room = {}) : out_(std::move(room)) {}
  /// Behind what the shard has already where it is the last one.
  void add(std::uint32_t shard, std::string_view entries);
  std::size_t size() const { return out_.size(); }
  Bytes take() {
    open_ = false;
    return out_.take();
  }

 private:
  ByteWriter out_;
  std::size_t head_ = 0;  // of the last section
  std::uint32_t shard_ = 0;
  bool open_ = false;  // there is one
};

/// Reads them. Throws kiln::Error (internal) where the block is damaged or names a shard that there is not.
class SectionReader {
 public:
  SectionReader(ByteView block, std::uint32_t shards) : in_(block, "a block of keyed data"), shards_(shards) {}
  /// False at the end.
  bool next(std::uint32_t& shard, std::string_view& entries);

 private:
  ByteReader in_;
  std::uint32_t shards_;
};

/// Where the units of a mapping phase put entries, for who knows no types. One thread at a time; all of it between
/// units only.
class KeyedSink {
 public:
  virtual ~KeyedSink() = default;
  virtual std::uint32_t shards() const = 0;
  /// All memory that it takes; its pieces are then missing in the pool.
  virtual std::size_t bytes() const = 0;
  /// What take_blocks could give now, at most: values that still may be combined are not in it.
  virtual std::size_t ready() const = 0;
  /// Blocks for all owners for whom there are `at_least` bytes (1: any), of about `at_most` bytes each. `owners`: of
  /// each shard. `rooms`: memory of old blocks, to be used again; may be empty.
  virtual void take_blocks(std::span<const std::uint32_t> owners, std::size_t at_least, std::size_t at_most,
                           std::vector<Bytes>& rooms, std::vector<KeyedBlock>& out) = 0;
  /// What there is for these shards goes into them, without a block; null: not one of this rank.
  virtual void take_own(std::span<KeyedShard* const> shards) = 0;
  /// Makes all that there is ready: at the end of the phase, before a cut, or where memory is short.
  virtual void flush() = 0;
  /// Forgets all entries.
  virtual void clear() = 0;
  /// Gives back the memory of what is empty.
  virtual void release() {}
};

class AppendPieces;
/// take_own of what is in these.
void take_own_of(AppendPieces& pieces, std::span<KeyedShard* const> shards);
/// take_blocks of what is in these.
void take_blocks_of(AppendPieces& pieces, std::span<const std::uint32_t> owners, std::size_t at_least,
                    std::size_t at_most, std::vector<Bytes>& rooms, std::vector<KeyedBlock>& out);

}  // namespace kiln::detail
