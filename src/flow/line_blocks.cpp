#include "flow/line_blocks.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace kiln::flow {
namespace {

constexpr std::size_t kBlock = std::size_t{256} << 10;  // read at a time: fits the processor's second cache
constexpr std::size_t kStep = std::size_t{4} << 10;     // first read behind the end of a range
constexpr std::size_t kKept = 4 * kBlock;               // a larger buffer is given back

}  // namespace

void LineBlocks::open(ByteStream& stream, std::uint64_t begin, std::uint64_t end, Cut cut) {
  stream_ = &stream;
  words_ = cut == Cut::words;
  end_ = end;
  base_ = place_before(begin);
  filled_ = delivered_ = 0;
  step_ = kStep;
  skipping_ = begin != 0;
  done_ = begin >= end;
  if (buffer_.size() > kKept) std::vector<char>().swap(buffer_);
}

bool LineBlocks::next(std::string_view& text, std::uint64_t& offset) {
  cut_ = false;
  if (done_) return false;
  drop(std::exchange(delivered_, 0));
  if (skipping_ && !skip_to_first()) {
    done_ = true;
    return false;
  }
  std::size_t lines = whole_lines(0);
  while (lines == 0 && filled_ <= kLongestLine) {
    const std::size_t before = filled_;
    if (!read_more()) {
      done_ = true;
      lines = filled_;
      break;
    }
    lines = whole_lines(before);
  }
  offset = base_;
  if (filled_ > kLongestLine && (lines == 0 || lines > kLongestLine)) {
    done_ = false;
    lines = lines_that_fit();
    if (lines == 0) {
      skip_line();
      text = begin_;
      return true;
    }
  }
  if (base_ + lines >= end_) done_ = true;
  delivered_ = lines;
  text = {buffer_.data(), lines};
  return lines != 0;
}

// Place in the buffer behind the first end of a line at or after `from`; 0 where there is none.
std::size_t LineBlocks::behind_first_end(std::size_t from) const {
  if (from >= filled_) return 0;
  const char* const begin = buffer_.data();
  if (words_) {
    const char* const found = std::find_if(begin + from, begin + filled_, [this](char byte) { return is_end(byte); });
    return found == begin + filled_ ? 0 : static_cast<std::size_t>(found - begin) + 1;
  }
  const void* found = std::memchr(begin + from, '\n', filled_ - from);
  return found == nullptr ? 0 : static_cast<std::size_t>(static_cast<const char*>(found) - begin) + 1;
}

// The same of the last one in [from, to).
std::size_t LineBlocks::behind_last_end(std::size_t from, std::size_t to) const {
  if (words_) {
    while (to > from && !is_end(buffer_[to - 1])) --to;
    return to == from ? 0 : to;
  }
  const void* found = memrchr(buffer_.data() + from, '\n', to - from);
  return found == nullptr ? 0 : static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data()) + 1;
}

// In front of what makes the block too large; 0 where that is one line.
std::size_t LineBlocks::lines_that_fit() const { return behind_last_end(0, kLongestLine); }

// The first line of the buffer, which is not kept: its length has no bound.
void LineBlocks::skip_line() {
  cut_ = true;
  begin_.assign(buffer_.data(), kBegin);
  std::size_t end = behind_first_end(0);
  while (end == 0) {
    drop(filled_);
    if (buffer_.size() > kKept) std::vector<char>().swap(buffer_);
    if (!read_more()) {
      done_ = true;
      return;
    }
    end = behind_first_end(0);
  }
  drop(end);
  if (base_ >= end_) done_ = true;
}

// The line that begins first at or behind the range's begin follows the first end of one at or behind the byte before.
bool LineBlocks::skip_to_first() {
  while (true) {
    if (base_ + 1 >= end_ || !read_more()) return false;
    const std::size_t begin = behind_first_end(0);
    drop(begin == 0 ? filled_ : begin);
    if (begin != 0) break;
  }
  skipping_ = false;
  return base_ < end_;
}

// Bytes of the whole lines in the buffer that belong to the range; before `looked_at` no line ends.
std::size_t LineBlocks::whole_lines(std::size_t looked_at) const {
  if (filled_ == looked_at) return 0;
  if (base_ + filled_ >= end_) {
    // The last line of the range is the one with its last byte.
    const std::size_t last = end_ - 1 < base_ ? 0 : static_cast<std::size_t>(end_ - 1 - base_);
    return behind_first_end(std::max(last, looked_at));
  }
  return behind_last_end(looked_at, filled_);
}

void LineBlocks::drop(std::size_t bytes) {
  if (bytes < filled_) std::memmove(buffer_.data(), buffer_.data() + bytes, filled_ - bytes);
  base_ += bytes;
  filled_ -= bytes;
}

bool LineBlocks::read_more() {
  std::size_t wanted = kBlock;
  if (const std::uint64_t place = base_ + filled_; place < end_) {
    wanted = static_cast<std::size_t>(std::min<std::uint64_t>(kBlock, end_ - place));
  } else {
    wanted = step_;
    step_ = std::min(2 * step_, kBlock);
  }
  if (buffer_.size() - filled_ < wanted) buffer_.resize(std::max({2 * buffer_.size(), filled_ + wanted, 2 * kBlock}));
  const std::size_t got = stream_->read(std::span(buffer_).subspan(filled_, wanted));
  filled_ += got;
  return got != 0;
}

}  // namespace kiln::flow
