#pragma once

#include "job/coordinator_watch.hpp"
#include "job/heirs.hpp"
#include "job/inheritance.hpp"
#include "job/rank_loop.hpp"

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kiln::job {

/// The main thread of a rank that only works, until the coordinator says stop, or is gone and this rank leaves or has
/// taken its place.
class WorkerLoop {
 public:
  /// Everything referred to outlives this. Without a claim this rank never takes over.
  WorkerLoop(net::Transport& transport, Waiter& waiter, const Execution& execution,
             const std::function<bool(WorkerSide&)>& each_turn, Claim claim);

  /// Once. Throws what the worker throws.
  WorkEnd run();

 private:
  bool hear();
  void hear(Link::Received received);
  void follow(Rank coordinator);
  void look_for_coordinator();
  void look_for_turn();
  void begin_claim();
  void hear_claim();
  void inherit();
  void end_for_all(int exit_code);
  void leave(const std::string& why);
  void say_farewell();

  Waiter& waiter_;
  const std::function<bool(WorkerSide&)>& each_turn_;
  const Execution& execution_;
  const Duration heartbeat_;
  Claim claim_;
  Link link_;
  CoordinatorWatch watch_;
  std::optional<Heirs> heirs_;
  std::unique_ptr<WorkerSide> worker_;
  Rank coordinator_{0};                       // that of the last turn
  std::optional<protocol::Setup> setup_;      // the last
  std::vector<bool> interrupts_;              // signals; at once?
  std::string why_ = "gave no sign of life";  // the coordinator is gone
  std::optional<Instant> lost_at_;            // it ended before its reign
  std::future<std::optional<int>> claiming_;  // valid while it runs
  std::unique_ptr<Inheritance> inheritance_;
  std::optional<int> over_;  // the exit code, where it is not the worker that says it
  bool finalise_ = true;
};

}  // namespace kiln::job
