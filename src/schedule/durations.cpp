#include "schedule/durations.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace kiln::schedule {
namespace {

constexpr double kShortest = 1e-9;  // seconds
constexpr double kStepsADoubling = 2;
constexpr std::uint64_t kRootOfTwo = 0x6A09E667F3BCD;  // the mantissa's bits
constexpr double kUsualShare = 0.75, kManyTimes = 3, kLeastSeconds = 1;

// 2 log2(seconds / kShortest), rounded down: for each part, so without a logarithm.
std::size_t step_of(double seconds, std::size_t most) {
  const double times = seconds / kShortest;
  if (!(times >= 1)) return 0;
  const auto bits = std::bit_cast<std::uint64_t>(times);
  const std::uint64_t exponent = (bits >> 52U) - 1023;
  const std::uint64_t half = (bits & ((std::uint64_t{1} << 52U) - 1)) >= kRootOfTwo ? 1 : 0;
  return std::min(static_cast<std::size_t>(2 * exponent + half), most);
}

}  // namespace

void Durations::add(double seconds, std::uint64_t count) {
  steps_.at(step_of(seconds, kSteps - 1)) += count;
  count_ += count;
}

std::optional<double> Durations::quantile(double share) const {
  if (count_ == 0) return std::nullopt;
  const double wanted = share * static_cast<double>(count_);
  std::uint64_t below = 0;
  std::size_t step = 0;
  for (; step < kSteps - 1; ++step) {
    below += steps_.at(step);
    if (below != 0 && static_cast<double>(below) >= wanted) break;
  }
  return kShortest * std::exp2(static_cast<double>(step + 1) / kStepsADoubling);
}

std::optional<double> late_after(const Durations& durations, std::uint64_t units) {
  const auto usual = durations.quantile(kUsualShare);
  if (!usual) return std::nullopt;
  return std::max(kLeastSeconds, kManyTimes * *usual * static_cast<double>(units));
}

}  // namespace kiln::schedule
