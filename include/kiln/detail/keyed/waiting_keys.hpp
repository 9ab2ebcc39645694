#pragma once

#include <kiln/detail/keyed/key.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace kiln::detail {

/// Short keys and what comes with them, in order, while the memory of their places in a table is fetched: a table
/// larger than the caches is waited for once for all of them.
template <class Item>
class WaitingKeys {
 public:
  static constexpr std::size_t kLongest = 15;  ///< of a key, in bytes

  bool is_full() const { return count_ == waiting_.size(); }
  /// A key of at most kLongest bytes; not when it is full.
  void add(const PreparedKey& key, const Item& item) {
    waiting_[count_++] = {key.words, key.hash, key.bytes.size(), item};
  }
  /// f(PreparedKey, const Item&) with each; then it is empty.
  template <class F>
  void take(F&& f) {
    const std::size_t count = std::exchange(count_, 0);
    for (std::size_t i = 0; i < count; ++i) {
      const One& one = waiting_[i];
      const std::string_view bytes(reinterpret_cast<const char*>(&one.words), one.size);
      f(PreparedKey{bytes, one.words, one.hash}, one.item);
    }
  }
  void clear() { count_ = 0; }

 private:
  struct One {
    KeyWords words;
    std::uint64_t hash;
    std::size_t size;
    Item item;
  };

  std::array<One, 32> waiting_;
  std::size_t count_ = 0;
};

}  // namespace kiln::detail
