#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <optional>

namespace kiln::job {

/// How often, and after what pause, a run whose ranks are all gone is started again: at most so many times in a row
/// without progress. Pure.
class RestartPolicy {
 public:
  explicit RestartPolicy(std::uint32_t most) : most_(most) {}

  struct Restart {
    std::uint32_t number = 0;  ///< 1, 2, … since there was progress
    Duration pause{};
  };
  /// A launch ended before the run did. `progress`: results became durable since the launch before it ended. Nothing:
  /// give up.
  std::optional<Restart> next(bool progress);

 private:
  std::uint32_t most_;
  std::uint32_t in_vain_ = 0;
};

}  // namespace kiln::job
