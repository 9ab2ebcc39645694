#pragma once

#include "job/environment.hpp"
#include "job/run_options.hpp"

#include <kiln/ids.hpp>

#include <functional>
#include <optional>
#include <string>

namespace kiln::job {

/// What a rank does that claims the run of a coordinator that is gone, whatever kind of run it is (job::Claim).
class Claimant {
 public:
  /// Both outlive this.
  Claimant(const RunOptions& options, const Environment& environment) : options_(options), environment_(environment) {}

  /// `open` opens the run directory as the one who follows the coordinator of an epoch, and throws store::Deposed where
  /// another has been faster. On a thread of the claim's own, one claim at a time. Throws kiln::Error where that other
  /// is of another launch.
  std::optional<int> claim(Epoch follows, const std::function<void(const std::string& launch_id, Epoch follows)>& open);

 private:
  const RunOptions& options_;
  const Environment& environment_;
  Epoch beaten_by_;  // of those that took over faster; followed where they are not heard of
};

}  // namespace kiln::job
