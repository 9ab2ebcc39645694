#include "observe/rate_meter.hpp"

#include <cmath>

namespace kiln::observe {
namespace {

constexpr double kMemorySeconds = 15;
constexpr double kLongest = 9.0e9;  // seconds; what Duration holds

}  // namespace

void RateMeter::add(Instant now, std::uint64_t settled) {
  if (!first_) {
    first_ = last_ = now;
    first_settled_ = last_settled_ = settled;
    return;
  }
  const double passed = to_seconds(now - *last_);
  const double age = to_seconds(now - *first_);
  if (passed <= 0) return;
  if (age <= kMemorySeconds) {
    rate_ = static_cast<double>(settled - first_settled_) / age;
  } else {
    const double keep = std::exp(-passed / kMemorySeconds);
    rate_ = keep * rate_ + (1 - keep) * static_cast<double>(settled - last_settled_) / passed;
  }
  last_ = now;
  last_settled_ = settled;
}

std::optional<Duration> RateMeter::time_for(std::uint64_t units) const {
  if (rate_ <= 0) return std::nullopt;
  const double seconds = static_cast<double>(units) / rate_;
  if (!(seconds < kLongest)) return std::nullopt;
  return from_seconds(seconds);
}

}  // namespace kiln::observe
