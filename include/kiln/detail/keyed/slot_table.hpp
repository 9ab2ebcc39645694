#pragma once

#include <kiln/detail/keyed/arena.hpp>
#include <kiln/detail/keyed/key.hpp>
#include <kiln/detail/keyed/pages.hpp>
#include <kiln/detail/keyed/prefetch.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

namespace kiln::detail {

/// Which bits of a hash say where a key lies in its table. Those of a table whose keys come in the order of their
/// hashes must not be the highest: all keys would fall into one end of it while it is small.
enum class HashBits : std::uint8_t { high, low };

/// Open addressing, linear probing: keys of up to 15 bytes lie in their slot, longer ones in an arena. Nothing is ever
/// taken out singly. V is small and trivially copyable. Pointers to slots live until the next insertion.
template <class V, HashBits kBits>
class SlotTable {
  static_assert(std::is_trivially_copyable_v<V>);

 public:
  static constexpr std::size_t kInline = 15;  ///< longest key in a slot

  struct Slot {
    std::uint64_t a;      ///< the key's first 8 bytes; of a long key, where its hash and bytes are
    std::uint64_t b;      ///< its next 7, and above them its length + 1; of a long key its length and kLong
    std::uint32_t tag;    ///< half of the hash
    std::uint32_t stamp;  ///< the owner's; 0 in a new slot
    V value;              ///< the owner's; not set in a new slot
  };

  /// The slot of the key, a new one (stamp 0) where it has none. Null where it has none and there are `most` already.
  Slot* find_or_insert(const PreparedKey& key, std::size_t most) {
    ++asked_;
    return key.bytes.size() <= kInline ? of_short(key, most) : of_long(key, most);
  }
  /// The memory of the key's place is on its way to the cache when this returns.
  void fetch(const PreparedKey& key) const {
    if (capacity_ != 0) prefetch(&slots()[place(tag_of(key.hash))]);
  }
  /// The slot that was like this one when it was copied.
  Slot& again(const Slot& copy) {
    std::size_t at = place(copy.tag);
    while (slots()[at].a != copy.a || slots()[at].b != copy.b) at = (at + 1) & mask_;
    return slots()[at];
  }

  /// Of a long key, with its hash in front: a slot has it, or a short key, in the same words.
  static const char* address(const Slot& slot) {
    return reinterpret_cast<const char*>(slot.a);  // NOLINT(performance-no-int-to-ptr)
  }
  static std::string_view key(const Slot& slot) {
    if (slot.b >= kLong) return {address(slot) + 8, slot.b & ~kLong};
    return {reinterpret_cast<const char*>(&slot), static_cast<std::size_t>(slot.b >> 56) - 1};
  }
  /// Ready to be written or looked up elsewhere; views into the slot.
  static PreparedKey prepared(const Slot& slot) {
    const std::string_view bytes = key(slot);
    if (slot.b >= kLong) {
      PreparedKey long_key{bytes, {}, load_word(address(slot))};
      if (bytes.size() == 16) long_key.words = short_words(bytes.data(), 16);
      return long_key;
    }
    const KeyWords words{slot.a, slot.b & kBytesOfB};
    return {bytes, words, hash_words(words, bytes.size())};
  }

  /// f(Slot&) for each, in no order that means anything.
  template <class F>
  void for_each(F&& f) const {
    for (std::size_t at = 0; at < capacity_; ++at) {
      if (slots()[at].b != 0) f(slots()[at]);
    }
  }
  std::size_t size() const { return size_; }
  /// Memory of all slots and long keys.
  std::size_t bytes() const { return pages_.size() + arena_.bytes(); }

  /// Forgets all keys; keeps the memory.
  void clear() {
    if (size_ != 0) std::memset(pages_.data(), 0, capacity_ * sizeof(Slot));
    arena_.clear();
    size_ = 0;
    begin_filling();
  }
  /// Forgets all, gives the memory back.
  void release() { *this = SlotTable(); }

  SlotTable() = default;
  SlotTable(SlotTable&& other) noexcept { swap(other); }
  SlotTable& operator=(SlotTable&& other) noexcept {
    SlotTable taken(std::move(other));
    swap(taken);
    return *this;
  }
  SlotTable(const SlotTable&) = delete;
  SlotTable& operator=(const SlotTable&) = delete;
  ~SlotTable() = default;

 private:
  static constexpr std::uint64_t kLong = std::uint64_t{0xff} << 56;
  static constexpr std::uint64_t kBytesOfB = (std::uint64_t{1} << 56) - 1;
  static constexpr std::size_t kFirst = 64;
  static constexpr std::size_t kSeldom = 12;  // questions to a new key

  static std::uint32_t tag_of(std::uint64_t hash) {
    return static_cast<std::uint32_t>(kBits == HashBits::high ? hash >> 32 : hash);
  }
  std::size_t place(std::uint32_t tag) const {
    if constexpr (kBits == HashBits::high) {
      return static_cast<std::size_t>((std::uint64_t{tag} * capacity_) >> 32);
    } else {
      return tag & mask_;
    }
  }
  Slot* slots() const { return reinterpret_cast<Slot*>(pages_.data()); }

  Slot* of_short(const PreparedKey& key, std::size_t most) {
    const std::uint64_t a = key.words.a;
    const std::uint64_t b = key.words.b | ((std::uint64_t{key.bytes.size()} + 1) << 56);
    const std::uint32_t tag = tag_of(key.hash);
    if (capacity_ == 0) grow();
    while (true) {
      for (std::size_t at = place(tag);; at = (at + 1) & mask_) {
        Slot& slot = slots()[at];
        if (((slot.a ^ a) | (slot.b ^ b)) == 0) return &slot;
        if (slot.b != 0) continue;
        if (size_ >= most) return nullptr;
        if (size_ >= limit_) break;
        slot.a = a;
        slot.b = b;
        slot.tag = tag;
        ++size_;
        return &slot;
      }
      make_room();
    }
  }
  Slot* of_long(const PreparedKey& key, std::size_t most) {
    const std::uint64_t b = key.bytes.size() | kLong;
    const std::uint32_t tag = tag_of(key.hash);
    if (capacity_ == 0) grow();
    while (true) {
      for (std::size_t at = place(tag);; at = (at + 1) & mask_) {
        Slot& slot = slots()[at];
        if (slot.b == b && slot.tag == tag && std::memcmp(address(slot) + 8, key.bytes.data(), key.bytes.size()) == 0) {
          return &slot;
        }
        if (slot.b != 0) continue;
        if (size_ >= most) return nullptr;
        if (size_ >= limit_) break;
        char* const room = arena_.take(8 + key.bytes.size());
        std::memcpy(room, &key.hash, 8);
        std::memcpy(room + 8, key.bytes.data(), key.bytes.size());
        slot.a = reinterpret_cast<std::uint64_t>(room);
        slot.b = b;
        slot.tag = tag;
        ++size_;
        return &slot;
      }
      make_room();
    }
  }

  // Keys that are there are soon found in a fuller table too, and it takes less of the caches; new ones are not.
  void make_room() {
    const std::size_t fuller = capacity_ / 16 * 13;
    const bool seldom = asked_ >= kSeldom * (size_ - filled_from_);
    if (seldom && limit_ < fuller) {
      limit_ = fuller;
    } else {
      grow();
    }
  }
  void begin_filling() {
    limit_ = capacity_ / 8 * 5;
    filled_from_ = size_;
    asked_ = 0;
  }
  void grow() {
    const std::size_t capacity = capacity_ == 0 ? kFirst : 2 * capacity_;
    Pages old(capacity * sizeof(Slot));
    std::swap(old, pages_);
    const std::size_t before = std::exchange(capacity_, capacity);
    mask_ = capacity - 1;
    begin_filling();
    for (const Slot *slot = reinterpret_cast<Slot*>(old.data()), *end = slot + before; slot != end; ++slot) {
      if (slot->b == 0) continue;
      std::size_t at = place(slot->tag);
      while (slots()[at].b != 0) at = (at + 1) & mask_;
      slots()[at] = *slot;
    }
  }
  void swap(SlotTable& other) noexcept {
    std::swap(pages_, other.pages_);
    std::swap(arena_, other.arena_);
    std::swap(capacity_, other.capacity_);
    std::swap(mask_, other.mask_);
    std::swap(limit_, other.limit_);
    std::swap(size_, other.size_);
    std::swap(filled_from_, other.filled_from_);
    std::swap(asked_, other.asked_);
  }

  Pages pages_;
  Arena arena_;
  std::size_t capacity_ = 0, mask_ = 0;
  std::size_t limit_ = 0;  // size at which it grows, or may be fuller
  std::size_t size_ = 0;
  std::size_t filled_from_ = 0;  // its size when the limit was set
  std::size_t asked_ = 0;        // questions since then
};

}  // namespace kiln::detail
