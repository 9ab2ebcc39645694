#pragma once

#include "job/rank_loop.hpp"
#include "net/collectives.hpp"
#include "protocol/regrouping.hpp"

#include <cstdint>
#include <vector>

namespace kiln::job {

/// The coordinator's rank: the ranks that can do collectives, over all stages. At first these are all, if the MPI
/// allows it; when it does not, or one has died or is back, those that live get a communicator of their own, as soon as
/// somebody wants it. Main thread.
class Groups final : public protocol::RegroupingPort {
 public:
  /// Both outlive this; `collectives` was abandoned where a rank is dead already. `patience`: as protocol::Regrouping;
  /// 0: without end, about.
  Groups(CoordinatorLoop& loop, net::Collectives& collectives, Rank self, Epoch epoch, Duration patience);

  /// A rank was declared dead, or is back.
  void changed();
  /// There is something for collectives to do, now or later.
  void want() { wanted_ = true; }
  /// All that live, and only these, can begin a collective.
  bool usable() const { return !needed() || regrouping_.made(); }
  /// As protocol::CoordinatorPort.
  protocol::CoordinatorPort::CanJoin can_join() const;
  void hear(Rank from, const protocol::Grouped& grouped);
  /// At every turn of the loop. `free`: no collective is under way here.
  void turn(bool free);

 private:
  bool needed() const { return loop_.lost_any() || !collectives_.begins_with_all(); }
  void send(Rank to, const protocol::Message& message) override { loop_.tell(to, message); }
  void make(const protocol::Group& group) override;

  CoordinatorLoop& loop_;
  net::Collectives& collectives_;
  const Rank self_;
  protocol::Regrouping regrouping_;
  bool wanted_ = false;
  bool making_ = false;    // this rank's part
  bool may_come_ = false;  // at the last turn
};

}  // namespace kiln::job
