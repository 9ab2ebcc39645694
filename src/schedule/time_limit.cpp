#include "schedule/time_limit.hpp"

#include <algorithm>

namespace kiln::schedule {
namespace {

constexpr double kShare = 0.95;  // of all units end within the time that a unit is taken to need
constexpr double kMost = 1e15;   // keeps the way from double to integer defined

}  // namespace

std::uint64_t units_that_fit(const TimeLimit& limit, Instant now, const Durations& durations, const Pace& worker) {
  if (now >= limit.end) return 0;
  const auto usual = durations.quantile(kShare);
  if (!usual) return UINT64_MAX;
  double needed = std::max(*usual, worker.unit_seconds);
  if (limit.longest) needed = std::min(needed, to_seconds(*limit.longest));
  const double room = to_seconds(limit.end - now) - worker.in_hand - needed;
  if (room < 0) return 0;
  const double each = worker.unit_seconds > 0 ? worker.unit_seconds : needed;
  return 1 + static_cast<std::uint64_t>(std::min(room / std::max(each, 1e-9), kMost));
}

}  // namespace kiln::schedule
