#include "exec/rank_watch.hpp"

#include <algorithm>

namespace kiln::exec {

void RankWatch::restart() {
  seen_ = beats_.load(std::memory_order_relaxed);
  silence_ = Duration::zero();
  checked_ = std::chrono::steady_clock::now();
}

bool RankWatch::silent() {
  const auto now = std::chrono::steady_clock::now();
  const std::uint64_t beats = beats_.load(std::memory_order_relaxed);
  if (beats != seen_ || beats == 0) {
    silence_ = Duration::zero();
  } else {
    silence_ += std::min<Duration>(now - checked_, step() + std::chrono::milliseconds(1));
  }
  seen_ = beats;
  checked_ = now;
  return silence_ >= deadline_;
}

}  // namespace kiln::exec
