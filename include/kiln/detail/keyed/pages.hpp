#pragma once

#include <cstddef>
#include <utility>

namespace kiln::detail {

/// Memory for tables: zeroed, aligned to 64 bytes or more, given back as a whole. From 2 MiB on of its own pages, huge
/// ones where the system has them: a table that is hit at random otherwise waits for translations of addresses as much
/// as for memory.
class Pages {
 public:
  Pages() = default;
  /// Throws std::bad_alloc.
  explicit Pages(std::size_t size);
  Pages(Pages&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Pages& operator=(Pages&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  ~Pages();

  std::byte* data() const { return data_; }
  /// What it takes of the memory.
  std::size_t size() const { return size_; }

 private:
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Memory that is not zeroed. Up to kKept bytes it takes kKept, which are kept when it is given back: to zero what is
/// written at once would take as long as to write it. Any thread.
class KeptPages {
 public:
  static constexpr std::size_t kKept = std::size_t{2} << 20;

  KeptPages() = default;
  /// Throws std::bad_alloc.
  explicit KeptPages(std::size_t size);
  KeptPages(KeptPages&&) noexcept = default;
  KeptPages& operator=(KeptPages&& other) noexcept {
    std::swap(pages_, other.pages_);
    return *this;
  }
  KeptPages(const KeptPages&) = delete;
  KeptPages& operator=(const KeptPages&) = delete;
  ~KeptPages();

  std::byte* data() const { return pages_.data(); }
  std::size_t size() const { return pages_.size(); }

  /// What is kept goes back to the system.
  static void release() noexcept;

 private:
  Pages pages_;
};

}  // namespace kiln::detail
