#pragma once

#include <kiln/detail/bytes.hpp>

#include <deque>

namespace kiln::net {

/// Buffers of messages that are over, the last ones first: they are in the cache, their pages are there, and a vector
/// that is not made longer is not cleared. Bounded in number and bytes; the oldest go. One thread.
class BufferPool {
 public:
  static constexpr std::size_t kLeastBytes = 4096;  ///< smaller ones are as cheap new
  static constexpr std::size_t kMostBytes = std::size_t{8} << 20;
  static constexpr std::size_t kMost = 64;

  void give(Bytes bytes) {
    if (bytes.capacity() < kLeastBytes || bytes.capacity() > kMostBytes) return;
    bytes_ += bytes.capacity();
    buffers_.push_back(std::move(bytes));
    while (bytes_ > kMostBytes || buffers_.size() > kMost) {
      bytes_ -= buffers_.front().capacity();
      buffers_.pop_front();
    }
  }

  /// One with room for `size` bytes and at most twice as many; empty where there is none.
  Bytes take(std::size_t size) {
    if (size < kLeastBytes) return {};
    for (std::size_t i = buffers_.size(); i-- > 0;) {
      const std::size_t room = buffers_[i].capacity();
      if (room < size || room / 2 > size) continue;
      std::swap(buffers_[i], buffers_.back());
      Bytes taken = std::move(buffers_.back());
      buffers_.pop_back();
      bytes_ -= room;
      return taken;
    }
    return {};
  }

 private:
  std::deque<Bytes> buffers_;
  std::size_t bytes_ = 0;
};

}  // namespace kiln::net
