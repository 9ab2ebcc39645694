#pragma once

#include <kiln/detail/keyed/pages.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

namespace kiln::detail {

/// Entries one behind the other, whole ones in each chunk of memory, as they were emitted. What was put in last can be
/// cut off again. Knows no types.
class EntryLog {
 public:
  struct Mark {
    std::size_t chunks = 0, used = 0;  ///< used: of the last of them
    std::size_t entries = 0;
  };

  EntryLog() = default;
  EntryLog(EntryLog&& other) noexcept
      : chunks_(std::exchange(other.chunks_, {})),
        bytes_(std::exchange(other.bytes_, 0)),
        entries_(std::exchange(other.entries_, 0)) {}
  EntryLog& operator=(EntryLog&& other) noexcept {
    chunks_ = std::exchange(other.chunks_, {});
    bytes_ = std::exchange(other.bytes_, 0);
    entries_ = std::exchange(other.entries_, 0);
    return *this;
  }
  EntryLog(const EntryLog&) = delete;
  EntryLog& operator=(const EntryLog&) = delete;
  ~EntryLog() = default;

  /// Room for the next entry, to be filled before anything else.
  char* extend(std::size_t size) {
    ++entries_;
    return take(size);
  }
  Mark mark() const { return chunks_.empty() ? Mark{} : Mark{chunks_.size(), chunks_.back().used, entries_}; }
  /// Forgets what came after the mark, since when nothing was joined.
  void cut(Mark mark) {
    for (; chunks_.size() > mark.chunks; chunks_.pop_back()) bytes_ -= chunks_.back().size;
    if (!chunks_.empty()) chunks_.back().used = mark.used;
    entries_ = mark.entries;
  }
  /// Takes all of `other`, behind what is here. Small chunks are copied: there are as many as units, half empty.
  void absorb(EntryLog& other) {
    for (Chunk& chunk : other.chunks_) {
      if (chunk.used == 0) continue;
      if (chunk.size < kLargest) {
        std::memcpy(take(chunk.used), chunk.data, chunk.used);
      } else {
        bytes_ += chunk.size;
        chunks_.push_back(std::move(chunk));
      }
    }
    entries_ += other.entries_;
    other = EntryLog();
  }
  bool empty() const { return entries_ == 0; }
  std::size_t entries() const { return entries_; }
  void clear() { *this = EntryLog(); }
  /// Memory that it takes.
  std::size_t bytes() const { return bytes_; }

  /// f(begin, end) with the entries of each chunk, in order.
  template <class F>
  void for_each_chunk(F&& f) const {
    for (const Chunk& chunk : chunks_) f(chunk.data, chunk.data + chunk.used);
  }

 private:
  /// Large chunks are looked into at random when they are sorted.
  struct Chunk {
    char* data;
    std::size_t size, used;
    std::unique_ptr<char[]> small;
    KeptPages large;
  };
  static constexpr std::size_t kFirst = std::size_t{4} << 10, kLargest = KeptPages::kKept;

  char* take(std::size_t size) {
    if (chunks_.empty() || chunks_.back().size - chunks_.back().used < size) grow(size);
    Chunk& last = chunks_.back();
    return last.data + std::exchange(last.used, last.used + size);
  }
  void grow(std::size_t size) {
    const std::size_t usual = std::clamp(bytes_, kFirst, kLargest);
    Chunk chunk{nullptr, std::max(size, usual), 0, nullptr, {}};
    if (chunk.size < kLargest) {
      chunk.small.reset(new char[chunk.size]);
      chunk.data = chunk.small.get();
    } else {
      chunk.large = KeptPages(chunk.size);
      chunk.size = chunk.large.size();
      chunk.data = reinterpret_cast<char*>(chunk.large.data());
    }
    bytes_ += chunk.size;
    chunks_.push_back(std::move(chunk));
  }

  std::vector<Chunk> chunks_;
  std::size_t bytes_ = 0, entries_ = 0;
};

}  // namespace kiln::detail
