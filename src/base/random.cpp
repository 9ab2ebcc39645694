#include <kiln/random.hpp>

#include <array>
#include <cmath>
#include <cstring>

namespace kiln {

namespace {

struct Block {
  std::array<std::uint64_t, 4> word;
};
struct Key {
  std::uint64_t first, second;
};

/// Constants of Philox4x64 and of its key schedule: Random123, philox.h.
constexpr std::uint64_t kMultiplier[] = {0xD2E7470EE14C6C93, 0xCA5A826395121157};
constexpr std::uint64_t kKeyStep[] = {0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B};
constexpr int kRounds = 10;

[[gnu::always_inline]] inline void round(Block& block, Key key) {
  __extension__ typedef unsigned __int128 Wide;
  const Wide even = static_cast<Wide>(kMultiplier[0]) * block.word[0];
  const Wide odd = static_cast<Wide>(kMultiplier[1]) * block.word[2];
  block.word = {static_cast<std::uint64_t>(odd >> 64) ^ block.word[1] ^ key.first, static_cast<std::uint64_t>(odd),
                static_cast<std::uint64_t>(even >> 64) ^ block.word[3] ^ key.second, static_cast<std::uint64_t>(even)};
}

/// Philox4x64-10 of blocks side by side: one round takes as long as its multiplications need to come back, and the
/// processor has room for another block meanwhile.
template <std::size_t kBlocks>
[[gnu::always_inline]] inline void philox(std::array<Block, kBlocks>& blocks, Key key) {
#pragma GCC unroll 10
  for (int i = 0; i < kRounds; ++i) {
#pragma GCC unroll 4
    for (std::size_t k = 0; k < kBlocks; ++k) round(blocks[k], key);
    key = {key.first + kKeyStep[0], key.second + kKeyStep[1]};
  }
}

}  // namespace

/// One block first, since many units want few numbers.
void Random::refill() {
  const auto fill = [&]<std::size_t kBlocks>(std::uint64_t* out) {
    std::array<Block, kBlocks> blocks;
    for (Block& block : blocks) block = {{block_++, stream_, unit_, 0}};
    philox(blocks, {key_[0], key_[1]});
    std::memcpy(out, blocks.data(), sizeof blocks);
  };
  const bool first = block_ == 0;
  if (first) {
    fill.template operator()<1>(buffer_.data());
  } else {
    for (std::size_t at = 0; at < buffer_.size(); at += 2 * kBlock) fill.template operator()<2>(buffer_.data() + at);
  }
  next_ = 0;
  filled_ = first ? kBlock : static_cast<std::uint32_t>(buffer_.size());
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
