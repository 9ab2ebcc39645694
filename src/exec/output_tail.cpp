#include "exec/output_tail.hpp"

#include <algorithm>

namespace kiln::exec {
namespace {

constexpr std::size_t kKeepCapacity = 1 << 20;

}  // namespace

void OutputTail::begin(std::size_t most) {
  most_ = most;
  ring_.clear();
  next_ = 0;
}

void OutputTail::append(std::string_view bytes) {
  if (bytes.size() > most_) bytes.remove_prefix(bytes.size() - most_);
  const std::size_t room = std::min(bytes.size(), most_ - ring_.size());
  ring_.append(bytes.substr(0, room));
  bytes.remove_prefix(room);
  while (!bytes.empty()) {
    const std::size_t piece = std::min(bytes.size(), most_ - next_);
    std::copy_n(bytes.data(), piece, ring_.data() + next_);
    next_ = (next_ + piece) % most_;
    bytes.remove_prefix(piece);
  }
}

std::array<std::string_view, 2> OutputTail::pieces() const {
  const std::string_view all = ring_;
  return {all.substr(next_), all.substr(0, next_)};
}

void OutputTail::release() {
  if (ring_.capacity() > kKeepCapacity) std::string().swap(ring_);
}

}  // namespace kiln::exec
