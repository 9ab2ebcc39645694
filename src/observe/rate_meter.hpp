#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <optional>

namespace kiln::observe {

/// Units a second, smoothed over about the last 15 seconds (over all of it while younger). Pure: time is an argument.
class RateMeter {
 public:
  /// `settled`: units done or failed by this launch so far; never falls. Called about once a second.
  void add(Instant now, std::uint64_t settled);
  /// 0 while unknown.
  double rate() const { return rate_; }
  /// How long `units` more will take; nothing while no unit has ended.
  std::optional<Duration> time_for(std::uint64_t units) const;

 private:
  std::optional<Instant> first_, last_;
  std::uint64_t first_settled_ = 0, last_settled_ = 0;
  double rate_ = 0;
};

}  // namespace kiln::observe
