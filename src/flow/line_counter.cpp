#include "flow/line_counter.hpp"

#include <algorithm>
#include <span>

namespace kiln::flow {
namespace {

constexpr std::uint64_t kBorder = std::uint64_t{1} << 20;  // between two remembered places
constexpr std::size_t kPiece = std::size_t{128} << 10;

}  // namespace

void LineCounter::use(const std::string& path, std::uint64_t size) {
  if (path == path_ && size == size_) return;
  path_ = path;
  size_ = size;
  file_.reset();
  before_.assign(1, 0);
}

std::optional<std::uint64_t> LineCounter::lines_before(std::uint64_t place) {
  if (place >= kMost) return std::nullopt;
  const std::uint64_t border = place / kBorder;
  while (before_.size() <= border) {
    before_.push_back(before_.back() + count((before_.size() - 1) * kBorder, before_.size() * kBorder));
  }
  return before_[border] + count(border * kBorder, place);
}

std::uint64_t LineCounter::count(std::uint64_t begin, std::uint64_t end) {
  if (begin == end) return 0;
  if (!file_) file_.emplace(path_);
  buffer_.resize(kPiece);
  file_->go_to(begin, std::min(end, size_));
  std::uint64_t lines = 0;
  while (const std::size_t got = file_->read(std::span(buffer_))) {
    lines += static_cast<std::uint64_t>(
        std::count(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(got), '\n'));
  }
  return lines;
}

}  // namespace kiln::flow
