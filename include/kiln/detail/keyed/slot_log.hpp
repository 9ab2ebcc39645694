#pragma once

#include <kiln/detail/keyed/pages.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <type_traits>
#include <utility>

namespace kiln::detail {

/// Slots of a table as they were, one behind the other.
template <class Slot>
class SlotLog {
  static_assert(std::is_trivially_copyable_v<Slot>);

 public:
  SlotLog() = default;
  SlotLog(const SlotLog&) = delete;
  SlotLog& operator=(const SlotLog&) = delete;
  ~SlotLog() = default;

  /// Behind the others, if it is wanted. It is copied in any case: whether a slot was touched before cannot be
  /// predicted, and a wrong branch costs more.
  void put_if(bool wanted, const Slot& slot) {
    if (size_ == capacity_) [[unlikely]] {
      grow();
    }
    std::memcpy(slots() + size_, &slot, sizeof slot);
    size_ += wanted ? 1 : 0;
  }
  /// Forgets those from `begin` on of which `is_wanted` is false.
  template <class F>
  void keep_if(std::size_t begin, F&& is_wanted) {
    std::size_t kept = begin;
    for (std::size_t at = begin; at < size_; ++at) {
      const bool wanted = is_wanted(std::as_const(slots()[at]));
      std::memmove(slots() + kept, slots() + at, sizeof(Slot));
      kept += wanted ? 1 : 0;
    }
    size_ = kept;
  }
  const Slot& back() const { return slots()[size_ - 1]; }
  /// Forgets those behind the first `size`.
  void cut(std::size_t size) { size_ = size; }
  std::size_t size() const { return size_; }
  /// Forgets all, gives the memory back.
  void release() {
    pages_ = Pages();
    capacity_ = size_ = 0;
  }
  /// Memory that it takes.
  std::size_t bytes() const { return pages_.size(); }

 private:
  static constexpr std::size_t kFirst = 64;

  Slot* slots() const { return reinterpret_cast<Slot*>(pages_.data()); }
  [[gnu::noinline]] void grow() {
    const std::size_t capacity = std::max(kFirst, 2 * capacity_);
    Pages larger(capacity * sizeof(Slot));
    if (size_ != 0) std::memcpy(larger.data(), pages_.data(), size_ * sizeof(Slot));
    pages_ = std::move(larger);
    capacity_ = capacity;
  }

  Pages pages_;
  std::size_t capacity_ = 0, size_ = 0;
};

}  // namespace kiln::detail
