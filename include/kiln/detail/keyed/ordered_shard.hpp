#pragma once

#include <kiln/detail/keyed/entry.hpp>
#include <kiln/detail/keyed/keyed_shard.hpp>
#include <kiln/detail/keyed/merged_entries.hpp>
#include <kiln/detail/keyed/order.hpp>
#include <kiln/detail/keyed/piece_pool.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kiln::detail {

/// Sorted entries that lie in memory, in order; at() lives as long as they.
template <class Format>
class MemoryEntries {
 public:
  explicit MemoryEntries(std::vector<OrderEntry> entries) : entries_(std::move(entries)) { look(); }

  bool ended() const { return at_ == entries_.size(); }
  const Entry& at() const { return entry_; }
  std::uint64_t order() const { return entries_[at_].order; }
  void next() {
    ++at_;
    look();
  }

 private:
  void look() {
    if (at_ + kOrderAhead < entries_.size()) __builtin_prefetch(entries_[at_ + kOrderAhead].at);
    if (at_ == entries_.size()) return;
    Format::look(entries_[at_].at, entry_);
    if constexpr (Format::kByHash) entry_.hash = entries_[at_].order;
  }

  std::vector<OrderEntry> entries_;
  std::size_t at_ = 0;
  Entry entry_;
};

/// A shard whose entries are all kept: of group_by_key, join_by_key and sort, and of monoids that are not exact. They
/// lie as they came; what is sorted is 16 bytes an entry.
template <class Format>
class OrderedShard final : public KeyedShard {
 public:
  /// `pool`: where the pieces come from that are admitted.
  explicit OrderedShard(PiecePool& pool) : pieces_(pool) {}

  void admit(std::string_view entries) override {
    const std::size_t number = count(entries);
    while (!entries.empty()) {
      const std::size_t size = whole(entries, pieces_.room());
      pieces_.append(entries.data(), size);
      entries.remove_prefix(size);
    }
    entries_ += number;
  }
  void admit_piece(const Piece& piece, PiecePool& pool) override {
    if (&pool != &pieces_.pool() || piece.used <= pieces_.room() || piece.used < piece.size / 2) {
      return KeyedShard::admit_piece(piece, pool);
    }
    entries_ += count({piece.data, piece.used});
    pieces_.adopt(piece);
  }
  bool empty() const override { return entries_ == 0; }
  std::size_t entries() const { return entries_; }
  std::size_t bytes() const override { return pieces_.bytes(); }
  std::size_t sorting_bytes() const override { return 2 * entries_ * sizeof(OrderEntry) + 2 * kRunBlock; }

  std::unique_ptr<RunReader> sorted() override {
    const auto put = [](const OrderEntry& entry, std::string& block) {
      const Entry read = Format::look(entry.at);
      block.append(read.begin, read.size());
    };
    return std::make_unique<SortedRun<decltype(put)>>(order(), put);
  }
  void merge(std::span<RunReader* const> runs, RunWriter& to) const override {
    RunBlocks blocks(to);
    for (MergedEntries<Format> all(runs); !all.ended(); all.next()) blocks.add({all.at().begin, all.at().size()});
    blocks.finish();
  }
  void clear() override {
    pieces_.clear();
    entries_ = 0;
  }

  /// f(entries) with what is in memory and in the runs, in order: a MemoryEntries or a MergedEntries. The shard must
  /// not change meanwhile. `runs`: in the order in which they were written.
  template <class F>
  void read(std::span<RunReader* const> runs, F&& f) {
    if (runs.empty()) {
      MemoryEntries<Format> entries(order());
      f(entries);
      return;
    }
    const std::unique_ptr<RunReader> memory = sorted();
    std::vector<RunReader*> all(runs.begin(), runs.end());
    all.push_back(memory.get());
    MergedEntries<Format> entries(all);
    f(entries);
  }

 private:
  static std::size_t count(std::string_view entries) {
    if constexpr (Format::kIsFixed && Format::kLeast != 0) {
      if (entries.size() % Format::kLeast != 0) damaged_entry("an entry is cut off");
      return entries.size() / Format::kLeast;
    } else {
      std::size_t sum = 0;
      Format::for_each(entries, [&](const Entry&) { ++sum; });
      return sum;
    }
  }
  /// Bytes of the first entries that fit together into `room`, or else into a new piece; of at least one.
  static std::size_t whole(std::string_view entries, std::size_t room) {
    if (entries.size() <= room) return entries.size();
    if constexpr (Format::kIsFixed) {
      if (room < Format::kLeast) room = std::max(PiecePool::kPiece, Format::kLeast);
      return std::min(entries.size(), room / Format::kLeast * Format::kLeast);
    } else {
      std::size_t size = Format::look(entries.data()).size();
      if (room < size) room = PiecePool::kPiece;
      while (size < entries.size()) {
        const std::size_t next = Format::look(entries.data() + size).size();
        if (size + next > room) break;
        size += next;
      }
      return size;
    }
  }
  std::vector<OrderEntry> order() const {
    std::vector<OrderEntry> order, room;
    order.reserve(entries_);
    for (const Piece& piece : pieces_.all()) {
      const char* const end = piece.data + piece.used;
      Entry entry;
      for (const char* at = piece.data; at != end;) {
        Format::parse(at, end, entry);
        order.push_back({Format::order(entry), at});
        at = entry.end;
      }
    }
    sort_entries<Format>(order, room);
    return order;
  }

  HeldPieces pieces_;
  std::size_t entries_ = 0;
};

}  // namespace kiln::detail
