#pragma once

#include <chrono>

namespace kiln {

using Duration = std::chrono::nanoseconds;

/// Time as the pure layers see it: an argument. The engine feeds a monotonic clock, the simulator its own.
struct RunClock {
  using duration = Duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<RunClock, Duration>;
  static constexpr bool is_steady = true;
};
using Instant = RunClock::time_point;

constexpr double to_seconds(Duration d) { return std::chrono::duration<double>(d).count(); }
constexpr Duration from_seconds(double s) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(s));
}

}  // namespace kiln
