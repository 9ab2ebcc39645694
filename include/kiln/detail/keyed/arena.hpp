#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

namespace kiln::detail {

/// Empties a container and gives its memory back, which assigning {} does not.
template <class Container>
void give_back(Container& container) {
  Container().swap(container);
}

/// Bytes that stay where they are until clear().
class Arena {
 public:
  /// Aligned for nothing.
  char* take(std::size_t size) {
    while (at_ < chunks_.size() && chunks_[at_].size - used_ < size) next();
    if (at_ == chunks_.size()) grow(size);
    char* const begin = chunks_[at_].data.get() + used_;
    used_ += size;
    return begin;
  }
  /// Keeps the memory for what comes next.
  void clear() { at_ = used_ = 0; }
  std::size_t bytes() const { return bytes_ + chunks_.capacity() * sizeof(Chunk); }

 private:
  struct Chunk {
    std::unique_ptr<char[]> data;
    std::size_t size = 0;
  };
  static constexpr std::size_t kFirst = 1024, kLargest = std::size_t{1} << 18;

  void next() {
    ++at_;
    used_ = 0;
  }
  void grow(std::size_t size) {
    const std::size_t usual = std::min(kLargest, std::max(kFirst, bytes_));
    const std::size_t taken = std::max(size, usual);
    chunks_.push_back({std::unique_ptr<char[]>(new char[taken]), taken});
    bytes_ += taken;
    used_ = 0;
  }

  std::vector<Chunk> chunks_;
  std::size_t at_ = 0;    // the chunk in use
  std::size_t used_ = 0;  // of it
  std::size_t bytes_ = 0;
};

}  // namespace kiln::detail
