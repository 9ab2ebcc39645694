#pragma once

#include "base/time.hpp"
#include "schedule/durations.hpp"

#include <cstdint>
#include <optional>

namespace kiln::schedule {

/// When a run is to stop by itself.
struct TimeLimit {
  Instant end;                      ///< what is handed out is to be done by then
  std::optional<Duration> longest;  ///< no unit takes longer: its own time limit
};

/// A worker as the rule for time limits sees it.
struct Pace {
  double unit_seconds = 0;  ///< its measured time a unit; 0 while unknown
  double in_hand = 0;       ///< seconds of work that it has already
};

/// How many more units a worker may get, so that they are likely to end before the limit: as long as 95 of 100 units
/// that have ended. Any number while nothing was measured; none from the limit on.
std::uint64_t units_that_fit(const TimeLimit& limit, Instant now, const Durations& durations, const Pace& worker);

}  // namespace kiln::schedule
