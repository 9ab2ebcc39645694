#include "job/restart_policy.hpp"

#include <algorithm>

namespace kiln::job {
namespace {

constexpr Duration kFirstPause = std::chrono::seconds(1);  // doubles
constexpr Duration kLongestPause = std::chrono::seconds(30);

}  // namespace

std::optional<RestartPolicy::Restart> RestartPolicy::next(bool progress) {
  if (progress) in_vain_ = 0;
  if (in_vain_ >= most_) return std::nullopt;
  const std::uint32_t doublings = std::min(in_vain_, 5U);
  return Restart{++in_vain_, std::min<Duration>(kFirstPause * (1U << doublings), kLongestPause)};
}

}  // namespace kiln::job
