#pragma once

#include "base/time.hpp"

namespace kiln::job {

/// Monotonic time, for the pure layers.
inline Instant now() {
  return Instant(std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch()));
}

/// Unix seconds UTC.
inline double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace kiln::job
