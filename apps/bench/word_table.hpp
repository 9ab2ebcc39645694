#pragma once

#include "keyed_data.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <kiln/detail/keyed/hash.hpp>
#include <kiln/detail/keyed/pages.hpp>
#include <string_view>
#include <utility>

namespace kiln::bench {

struct WordSlot {
  std::uint64_t a, b;  // the word and its length in the highest byte; of a long one its place and length, from 255 on
  std::uint64_t count;
};

/// Counts of words, as one would write it by hand: open addressing, words of up to 15 bytes in the slot, longer ones
/// where they lie in the text.
class WordTable {
 public:
  /// With room for so many words. Words that come in the order of their hashes must have it: while it grows all of them
  /// would be in one end of it.
  explicit WordTable(std::size_t words = 0) {
    do grow();
    while (mask_ / 2 <= words);
  }

  /// `word` must live as long as the table.
  void add(const char* word, std::size_t size, std::uint64_t count = 1) {
    std::uint64_t a = 0, b = 0, hash = 0;
    if (size <= 15) {
      const auto words = detail::short_words(word, size);
      a = words.a;
      b = words.b | std::uint64_t{size} << 56;
      const detail::Product product = detail::Product{a ^ 0x9e3779b97f4a7c15} * (b ^ 0xbf58476d1ce4e5b9);
      hash = static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
      for (std::size_t at = hash >> shift_;; at = (at + 1) & mask_) {
        WordSlot& slot = slots()[at];
        if (slot.a == a && slot.b == b) {
          slot.count += count;
          return;
        }
        if (slot.count == 0) return insert(slot, a, b, count);
      }
    }
    a = reinterpret_cast<std::uint64_t>(word);
    b = size | std::uint64_t{255} << 56;
    for (std::size_t at = hash_of(a, b) >> shift_;; at = (at + 1) & mask_) {
      WordSlot& slot = slots()[at];
      // NOLINTNEXTLINE(performance-no-int-to-ptr): a short word, or where a long one is
      if (slot.b == b && std::memcmp(reinterpret_cast<const char*>(slot.a), word, size) == 0) {
        slot.count += count;
        return;
      }
      if (slot.count == 0) return insert(slot, a, b, count);
    }
  }
  /// f(hash, word, count) for each.
  template <class F>
  void for_each(F&& f) const {
    for (std::size_t at = 0; at <= mask_; ++at) {
      const WordSlot& slot = slots()[at];
      if (slot.count == 0) continue;
      if (slot.b >> 56 == 255) {
        // NOLINTNEXTLINE(performance-no-int-to-ptr): where a long word is
        const char* const word = reinterpret_cast<const char*>(slot.a);
        f(hash_of(slot.a, slot.b), std::string_view(word, slot.b & 0xffffffff), slot.count);
      } else {
        f(hash_of(slot.a, slot.b), std::string_view(reinterpret_cast<const char*>(&slot), slot.b >> 56), slot.count);
      }
    }
  }
  Digest digest() const {
    Digest digest;
    for (std::size_t at = 0; at <= mask_; ++at) {
      if (slots()[at].count != 0) digest.add(slots()[at].count * slots()[at].count);
    }
    return digest;
  }

 private:
  static std::uint64_t hash_of(std::uint64_t a, std::uint64_t b) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): a short word, or where a long one is
    if (b >> 56 == 255) return detail::hash_long(reinterpret_cast<const char*>(a), b & 0xffffffff);
    const detail::Product product = detail::Product{a ^ 0x9e3779b97f4a7c15} * (b ^ 0xbf58476d1ce4e5b9);
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
  WordSlot* slots() const { return reinterpret_cast<WordSlot*>(pages_.data()); }
  void insert(WordSlot& slot, std::uint64_t a, std::uint64_t b, std::uint64_t count) {
    slot = {a, b, count};
    if (++size_ > mask_ / 2) grow();
  }
  void grow() {
    const detail::Pages old = std::exchange(pages_, detail::Pages((mask_ + 1) * 2 * sizeof(WordSlot)));
    const std::size_t before = pages_before_;
    mask_ = mask_ * 2 + 1;
    --shift_;
    pages_before_ = mask_ + 1;
    for (const WordSlot *slot = reinterpret_cast<WordSlot*>(old.data()), *end = slot + before; slot != end; ++slot) {
      if (slot->count == 0) continue;
      std::size_t at = hash_of(slot->a, slot->b) >> shift_;
      while (slots()[at].count != 0) at = (at + 1) & mask_;
      slots()[at] = *slot;
    }
  }

  detail::Pages pages_;
  std::size_t mask_ = (std::size_t{1} << 15) - 1, pages_before_ = 0, size_ = 0;
  int shift_ = 64 - 15;
};

}  // namespace kiln::bench
