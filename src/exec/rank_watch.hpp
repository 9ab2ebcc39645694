#pragma once

#include "base/time.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>

namespace kiln::exec {

/// Whether the rank still beats, as its helper sees it. Waiting that was not done in steps of at most step() counts as
/// one step: a machine that slept is no proof of silence.
class RankWatch {
 public:
  /// `beats` grows with each beat and lives in memory shared with the rank; nothing is expected before the first.
  RankWatch(const std::atomic<std::uint64_t>& beats, Duration deadline) : beats_(beats), deadline_(deadline) {}

  Duration step() const { return deadline_ / 4; }
  /// The silence so far does not count.
  void restart();
  /// To be called at least every step(). True when the rank was silent for the deadline.
  bool silent();

 private:
  const std::atomic<std::uint64_t>& beats_;
  Duration deadline_;
  std::uint64_t seen_ = 0;
  Duration silence_{};
  std::chrono::steady_clock::time_point checked_{};
};

}  // namespace kiln::exec
