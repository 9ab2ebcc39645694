#include <sys/mman.h>
#include <kiln/detail/keyed/pages.hpp>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <mutex>
#include <new>
#include <utility>
#include <vector>

namespace kiln::detail {
namespace {

constexpr std::size_t kHuge = std::size_t{2} << 20;
constexpr std::size_t kLine = 64;

std::size_t rounded(std::size_t size, std::size_t to) {
  if (size > std::numeric_limits<std::size_t>::max() - to) throw std::bad_alloc();
  return (size + to - 1) / to * to;
}

/// `size` is a multiple of kHuge, and so is the address.
std::byte* map_huge(std::size_t size) {
  void* const all = mmap(nullptr, size + kHuge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (all == MAP_FAILED) throw std::bad_alloc();
  auto* const begin = static_cast<std::byte*>(all);
  const std::size_t before = (kHuge - reinterpret_cast<std::uintptr_t>(begin) % kHuge) % kHuge;
  if (before != 0) munmap(begin, before);
  if (before != kHuge) munmap(begin + before + size, kHuge - before);
  madvise(begin + before, size, MADV_HUGEPAGE);  // where it is refused, small pages do
  return begin + before;
}

struct Kept {
  std::mutex mutex;
  std::vector<Pages> pages;
};
/// Never destroyed: whoever ends last may still give pages back.
Kept& kept() {
  static Kept& all = *new Kept;
  return all;
}

}  // namespace

Pages::Pages(std::size_t size) : size_(rounded(size, size < kHuge ? kLine : kHuge)) {
  if (size_ == 0) return;
  if (size_ >= kHuge) {
    data_ = map_huge(size_);
    return;
  }
  data_ = static_cast<std::byte*>(std::aligned_alloc(kLine, size_));
  if (data_ == nullptr) throw std::bad_alloc();
  std::memset(data_, 0, size_);
}

Pages::~Pages() {
  if (size_ >= kHuge) {
    munmap(data_, size_);
  } else {
    std::free(data_);
  }
}

KeptPages::KeptPages(std::size_t size) {
  static_assert(kKept == kHuge);
  if (size <= kKept) {
    Kept& all = kept();
    const std::lock_guard lock(all.mutex);
    if (!all.pages.empty()) {
      pages_ = std::move(all.pages.back());
      all.pages.pop_back();
      return;
    }
  }
  pages_ = Pages(size <= kKept ? kKept : size);
}

KeptPages::~KeptPages() {
  if (pages_.size() != kKept) return;
  Kept& all = kept();
  const std::lock_guard lock(all.mutex);
  try {
    all.pages.push_back(std::move(pages_));
  } catch (const std::bad_alloc&) {
    return;  // they go back to the system
  }
}

void KeptPages::release() noexcept {
  Kept& all = kept();
  std::vector<Pages> taken;
  const std::lock_guard lock(all.mutex);
  taken.swap(all.pages);
}

}  // namespace kiln::detail
