#pragma once

#include <kiln/detail/keyed/order.hpp>
#include <kiln/detail/keyed/piece_pool.hpp>
#include <kiln/detail/keyed/run.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kiln::detail {

/// One shard at its owner, for who knows no types: what has been admitted and not spilt yet, in memory. Its runs are
/// with the engine. The order of a shard is canonical: by hash and key (by key where shards are made by key), then,
/// where entries carry units, by unit, then as they were emitted. One thread at a time.
class KeyedShard {
 public:
  virtual ~KeyedShard() = default;
  /// Entries of complete units: a section of a block. Throws kiln::Error (internal) where they are damaged; what a
  /// monoid throws ends the run.
  virtual void admit(std::string_view entries) = 0;
  /// The same of a piece of a pool, which it belongs to from now on, or is given back.
  virtual void admit_piece(const Piece& piece, PiecePool& pool) {
    admit({piece.data, piece.used});
    pool.give(piece);
  }
  virtual bool empty() const = 0;
  /// Memory that it takes; and what sorting it takes for a moment on top of it.
  virtual std::size_t bytes() const = 0;
  virtual std::size_t sorting_bytes() const = 0;
  /// All of it in order, as a run; it must not change while that is read.
  virtual std::unique_ptr<RunReader> sorted() = 0;
  /// Several runs, in the order in which they were written, become one; values of exact monoids are combined.
  virtual void merge(std::span<RunReader* const> runs, RunWriter& to) const = 0;
  /// Forgets all, and gives the memory back.
  virtual void clear() = 0;

  /// Writes all of it as a run, then clear(). Where writing throws, all of it is still there.
  void spill(RunWriter& run) {
    {
      const std::unique_ptr<RunReader> all = sorted();
      for (std::string_view block; all->next(block);) run.write(block);
    }
    clear();
  }
};

/// Collects entries to blocks of a run.
class RunBlocks {
 public:
  explicit RunBlocks(RunWriter& run) : run_(&run) {}
  void add(std::string_view entry) {
    if (block_.size() + entry.size() > kRunBlock) finish();
    block_.append(entry);
  }
  void finish() {
    if (!block_.empty()) run_->write(block_);
    block_.clear();
  }

 private:
  RunWriter* run_;
  std::string block_;
};

/// What has been sorted as a run: put(OrderEntry, std::string&) appends one entry.
template <class Put>
class SortedRun final : public RunReader {
 public:
  SortedRun(std::vector<OrderEntry> entries, Put put) : entries_(std::move(entries)), put_(std::move(put)) {}

  bool next(std::string_view& block) override {
    block_.clear();
    for (; at_ < entries_.size() && block_.size() < kRunBlock; ++at_) put_(entries_[at_], block_);
    block = block_;
    return !block_.empty();
  }

 private:
  std::vector<OrderEntry> entries_;
  Put put_;
  std::size_t at_ = 0;
  std::string block_;
};

}  // namespace kiln::detail
