#include <kiln/random.hpp>

#include <Random123/philox.h>

#include <cmath>

namespace kiln {

/// One block first, since many units want few numbers; then several, which the processor computes side by side.
void Random::refill() {
  using Philox = r123::Philox4x64;
  const Philox::key_type key = {{key_[0], key_[1]}};
  const std::uint32_t blocks = block_ == 0 ? 1 : static_cast<std::uint32_t>(buffer_.size()) / kBlock;
  const auto fill = [&](std::uint32_t from) {
    const Philox::ctr_type out = Philox()({{block_ + from, stream_, unit_, 0}}, key);
    for (std::uint32_t i = 0; i < kBlock; ++i) buffer_[from * kBlock + i] = out.v[i];
  };
  if (blocks == 1) {
    fill(0);
  } else {
    for (std::uint32_t i = 0; i < buffer_.size() / kBlock; ++i) fill(i);
  }
  block_ += blocks;
  next_ = 0;
  filled_ = blocks * kBlock;
}

/// Lemire, Fast random integer generation in an interval (ACM TOMACS 29, 2019).
std::uint64_t Random::below(std::uint64_t n) {
  if (n < 2) return 0;
  __extension__ typedef unsigned __int128 Wide;
  Wide product = static_cast<Wide>((*this)()) * n;
  if (static_cast<std::uint64_t>(product) < n) {
    const std::uint64_t reject_below = (0 - n) % n;
    while (static_cast<std::uint64_t>(product) < reject_below) product = static_cast<Wide>((*this)()) * n;
  }
  return static_cast<std::uint64_t>(product >> 64);
}

double Random::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  double x = 0, y = 0, square = 0;
  do {
    x = 2 * uniform() - 1;
    y = 2 * uniform() - 1;
    square = x * x + y * y;
  } while (square >= 1 || square == 0);
  const double scale = std::sqrt(-2 * std::log(square) / square);
  spare_ = y * scale;
  has_spare_ = true;
  return x * scale;
}

}  // namespace kiln
