#include "job/silence_bound.hpp"

#include <algorithm>
#include <utility>

namespace kiln::job {
namespace {

constexpr Duration kLeast = std::chrono::seconds(120);
constexpr int kHeartbeats = 20;
constexpr int kSights = 8;  // in the time of the limit
// A longer one is a pause of the launcher: its machine slept, its job was suspended, its disk stood still.
constexpr Duration kLongestStep = std::chrono::seconds(5);

}  // namespace

Duration SilenceBound::limit_for(Duration heartbeat) {
  return heartbeat <= Duration::zero() ? Duration::zero() : std::max<Duration>(kLeast, kHeartbeats * heartbeat);
}

void SilenceBound::look(const std::string& beat, const Sights& sights, Instant now) {
  const Duration step = now - std::exchange(looked_at_, now).value_or(now);
  if (beat.empty() || beat != beat_) {
    beat_ = beat;
    files_.reset();
    return begin_anew();
  }
  if (step <= kLongestStep) silence_ += step;
  if (silence_ < std::min(next_sights_, limit_)) return;
  next_sights_ = silence_ + limit_ / kSights;
  if (sights.stopped()) return begin_anew();
  std::string files = sights.files();
  if (files_ && *files_ != files) begin_anew();
  files_ = std::move(files);
}

void SilenceBound::begin_anew() {
  silence_ = {};
  next_sights_ = limit_ / kSights;
}

}  // namespace kiln::job
