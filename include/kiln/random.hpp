#pragma once

#include <array>
#include <cstdint>
#include <limits>

namespace kiln {

/// Random numbers that depend on (seed, stage, unit, stream) and on nothing else: not on the rank, the clock or the
/// order of units. Philox4x64-10 in counter mode (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2,
/// 3; SC11). A std::uniform_random_bit_generator. Sequences of different (seed, stage, unit, stream) never overlap;
/// each has 2^66 numbers. Cheap to make: numbers are computed when they are asked for. One thread at a time.
class Random {
 public:
  using result_type = std::uint64_t;

  Random(std::uint64_t seed, std::uint64_t stage, std::uint64_t unit, std::uint64_t stream = 0)
      : key_{seed, stage}, unit_(unit), stream_(stream) {}

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }

  /// 64 random bits.
  result_type operator()() {
    if (next_ == filled_) refill();
    return buffer_[next_++];
  }

  /// In [0, 1): a multiple of 2^-53.
  double uniform() { return static_cast<double>((*this)() >> 11) * 0x1p-53; }
  /// In [low, high): low + (high - low) * uniform(), which rounding may make high.
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// In [0, n), each as likely as the other; 0 where n is 0 or 1.
  std::uint64_t below(std::uint64_t n);
  /// With mean 0 and standard deviation 1 (Marsaglia's polar method; two of them cost one logarithm).
  double normal();
  double normal(double mean, double deviation) { return mean + deviation * normal(); }

  /// To the beginning of another unit's sequence.
  void restart(std::uint64_t unit) {
    unit_ = unit;
    block_ = 0;
    next_ = filled_ = 0;
    has_spare_ = false;
  }

 private:
  static constexpr std::uint32_t kBlock = 4;  // numbers that Philox makes at a time

  void refill();

  std::array<std::uint64_t, 2> key_;
  std::uint64_t unit_, stream_;
  std::uint64_t block_ = 0;              // the next to compute
  std::uint32_t next_ = 0, filled_ = 0;  // of buffer_
  bool has_spare_ = false;               // spare_ is a normal number not given out
  double spare_ = 0;
  std::array<std::uint64_t, 4 * kBlock> buffer_;  // the first filled_ are computed
};

}  // namespace kiln
