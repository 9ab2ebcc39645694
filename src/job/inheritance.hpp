#pragma once

#include "job/worker_side.hpp"
#include "protocol/messages.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kiln::job {

/// What a rank that worked brings along when it becomes the coordinator.
struct Inheritance {
  std::unique_ptr<WorkerSide> worker;     ///< goes on; use_link is to be called
  protocol::Setup setup;                  ///< the last one that the coordinator sent, where it did
  std::vector<Rank> living;               ///< that may live, this rank among them; ascending
  std::map<Rank, protocol::Beat> places;  ///< where ranks are, as far as they have said
  Rank before;                            ///< the coordinator until now
  std::vector<Rank> lost;                 ///< with it: nobody has said so yet; ascending
  std::string why;                        ///< "died", "gave no sign of life for 5.0s"
  std::vector<bool> interrupts;           ///< signals that came in here; at once?
};

/// Takes the run from the coordinator of this epoch: on a thread of its own, while the rank goes on working. Returns
/// the exit code where the launch has ended already: then there is nothing to take over. Throws store::Deposed where
/// another has been faster, else what makes it impossible.
struct Claim {
  std::function<std::optional<int>(Epoch follows)> take;
  bool needs_setup = true;  ///< only a rank that has heard the coordinator's setup can
};

}  // namespace kiln::job
