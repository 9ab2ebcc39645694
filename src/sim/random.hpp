#pragma once

#include "base/time.hpp"

#include <cmath>
#include <cstdint>

namespace kiln::sim {

/// A well-mixed number from a number: draws that hang on a name (unit, attempt) instead of on the order of drawing.
constexpr std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31U);
}
constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b) { return mix(mix(a) ^ b); }
/// In [0, 1).
constexpr double to_unit_interval(std::uint64_t mixed) { return static_cast<double>(mixed >> 11U) * 0x1p-53; }

/// Numbers of one seed, the same on every machine.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(mix(seed)) {}

  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    return mix(state_);
  }
  /// In [0, limit); 0 for a limit of 0.
  std::uint64_t below(std::uint64_t limit) { return limit == 0 ? 0 : next() % limit; }
  /// In [first, last], both included.
  std::uint64_t between(std::uint64_t first, std::uint64_t last) { return first + below(last - first + 1); }
  double real() { return to_unit_interval(next()); }
  bool chance(double probability) { return real() < probability; }
  /// In [low, high], each order of magnitude as likely as another; 0 < low <= high.
  double across(double low, double high) { return low * std::pow(high / low, real()); }
  Duration across(Duration low, Duration high) { return from_seconds(across(to_seconds(low), to_seconds(high))); }

 private:
  std::uint64_t state_;
};

}  // namespace kiln::sim
