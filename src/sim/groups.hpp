#pragma once

#include "protocol/regrouping.hpp"
#include "sim/launch.hpp"
#include "sim/random.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace kiln::sim {

/// The communicators of a launch: the real protocol::Regrouping over a simulated MPI. Making one ends when all its
/// members take part, and may never end where one of them dies.
class Launch::Groups final : public protocol::RegroupingPort {
 public:
  Groups(Launch& launch, std::uint64_t seed);

  /// The coordinator is another one.
  void begin_reign();
  /// A rank was declared dead, or is taken up again.
  void changed();
  bool usable() const { return !lost_any_ || regrouping_->made(); }
  bool may_come() const { return regrouping_->may_come(); }
  /// The communicator that a join of now takes, where it is usable: its number, and who is in it.
  std::uint64_t present() const { return lost_any_ ? regrouping_->number() : 0; }
  bool includes(Rank rank) const;
  bool broken() const;
  /// No join is under way.
  void begin();
  void tick();
  std::optional<Instant> next_wake() const { return regrouping_->next_wake(); }
  void hear(Rank from, const protocol::Grouped& said);

  // A rank's side.
  void told(Rank rank, const protocol::Group& group);
  void enter(Rank rank, std::uint64_t number);
  void abandon(Rank rank) { ranks_[launch_.index(rank)] = {}; }
  /// An event: its part has ended.
  void made(Rank rank, std::uint64_t number);
  /// The communicator that the rank has; nothing: none.
  std::optional<std::uint64_t> of(Rank rank) const { return ranks_[launch_.index(rank)].has; }

 private:
  void send(Rank to, const protocol::Message& message) override { launch_.send(to, message); }
  void make(const protocol::Group& group) override;

  struct OfRank {
    std::optional<std::uint64_t> has;
    std::uint64_t told = 0;
  };
  struct Making {
    std::vector<Rank> members;
    std::set<Rank> in;
  };

  Launch& launch_;
  Random random_;
  std::optional<protocol::Regrouping> regrouping_;
  std::vector<OfRank> ranks_;
  std::map<std::uint64_t, Making> groups_;
  bool lost_any_ = false;
  Rank root_;  // the coordinator of this reign
};

}  // namespace kiln::sim
