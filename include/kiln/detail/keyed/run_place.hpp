#pragma once

#include <kiln/detail/bytes.hpp>
#include <kiln/detail/keyed/key_sample.hpp>
#include <kiln/detail/keyed/run.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::detail {

/// The part of a run that is of one shard, or of a sort's run one of the parts that it may be read from: entries in
/// order, in blocks.
struct RunPiece {
  std::uint32_t shard = 0;   ///< of a sort's run 0, 1, 2…
  std::uint64_t offset = 0;  ///< of its first block in the file; in memory, of its first entry
  std::uint64_t length = 0;
  std::uint64_t entries = 0;
  bool operator==(const RunPiece&) const = default;
};

/// A run that was written: the sorted entries of some units, of all shards. All that is known of it by who does not
/// open it.
struct RunReference {
  std::string name;              ///< of its file; "": it lies in `data`
  std::uint64_t length = 0;      ///< of the file, or of data
  std::uint64_t sum = 0;         ///< by which the file is known to be the one that was written
  std::vector<RunPiece> pieces;  ///< of the shards that have any, ascending
  std::shared_ptr<const std::string> data;
  /// Of a sort, for each piece: behind all entries of the pieces before, and not behind its own. Strictly ascending.
  std::vector<SortPlace> places;

  void encode(ByteWriter& out) const;
  /// Throws kiln::Error (internal) where the bytes are damaged: pieces out of order, or outside of the run.
  static RunReference decode(ByteReader& in);

 private:
  void decode_places(ByteReader& in);
};

/// What a keyed stage gives.
struct RunList {
  std::vector<RunReference> runs;
  KeySample sample;  ///< of a sort: of the entries of all runs

  /// In canonical order.
  void encode(ByteWriter& out) const;
  /// Adds what encode() wrote. Throws kiln::Error (internal) where the bytes are damaged.
  void admit(ByteReader& in);
  void add(RunList&& other);
};
Bytes encode_runs(const RunList& list);
RunList decode_runs(ByteView bytes);

/// A run that is being written. Without finish() nothing of it stays. Throws kiln::Error where the disk says no.
class NewRun {
 public:
  virtual ~NewRun() = default;
  /// Whole entries of one shard, behind those that were written; shards ascend.
  virtual void write(std::uint32_t shard, std::string_view block, std::uint64_t entries) = 0;
  virtual RunReference finish() = 0;
};

/// Where a rank keeps runs. Any thread.
class RunPlace {
 public:
  virtual ~RunPlace() = default;
  virtual std::unique_ptr<NewRun> new_run() = 0;
  /// The entries of a piece of a run that has a name. Throws kiln::Error where the file is missing or damaged, at the
  /// latest when the damage is reached.
  virtual std::unique_ptr<RunReader> open(const RunReference& run, const RunPiece& piece) = 0;
  /// Where runs of a unit are merged that are too many to be read at once; null: all are read.
  virtual std::unique_ptr<MergeSpace> merge_space() { return nullptr; }
  /// Throws again what a merge space threw since the last call: of the disk, and no unit's failure.
  virtual void expect_well() {}
};

/// Puts blocks of a run together, with the pieces they are of.
class PieceList {
 public:
  /// `at`: where the block lies; `size`: what it takes there.
  void add(std::uint32_t shard, std::uint64_t at, std::uint64_t size, std::uint64_t entries) {
    if (pieces_.empty() || pieces_.back().shard != shard) pieces_.push_back({shard, at, 0, 0});
    pieces_.back().length += size;
    pieces_.back().entries += entries;
  }
  std::vector<RunPiece> take() { return std::move(pieces_); }

 private:
  std::vector<RunPiece> pieces_;
};

/// A run in memory.
class NewMemoryRun final : public NewRun {
 public:
  void write(std::uint32_t shard, std::string_view block, std::uint64_t entries) override {
    pieces_.add(shard, data_.size(), block.size(), entries);
    data_ += block;
  }
  RunReference finish() override;

 private:
  std::string data_;
  PieceList pieces_;
};

/// The entries of a piece that lies in memory.
std::unique_ptr<RunReader> read_memory(const RunReference& run, const RunPiece& piece);

}  // namespace kiln::detail
