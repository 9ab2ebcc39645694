#pragma once

#include "base/time.hpp"
#include "protocol/messages.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

namespace kiln::protocol {

/// What Regrouping asks of the coordinator's rank. Calls return at once.
class RegroupingPort {
 public:
  virtual ~RegroupingPort() = default;
  virtual void send(Rank to, const Message& message) = 0;
  /// Begins this rank's part in making the communicator; Regrouping::on_made says how it ended. An earlier one that has
  /// not ended is given up.
  virtual void make(const Group& group) = 0;
};

/// The coordinator's side of making a communicator of the ranks that live, when some have died or are back. Only the
/// coordinator says who is in it: ranks with lists of their own would hang, or each get another communicator. Making it
/// blocks until all its ranks take part, so that first all say that they have heard of it; it is used when all have
/// made it. A death on the way begins it anew. Where it fails several times there is none: whoever wants to add up or
/// to tell something does without.
///
/// Pure: no clock, no MPI. A worker answers a Group when nothing else is under way there, and a MakeGroup when its part
/// has ended.
class Regrouping {
 public:
  static constexpr std::uint64_t kMostInAReign = 4096;  ///< numbers of groups
  static constexpr int kMostTries = 3;                  ///< with the same ranks

  /// Of one coordinator's reign; `port` outlives this. Numbers of a later epoch are higher. `patience`: how long the
  /// ranks may take from hearing that all have heard to having made it.
  Regrouping(Rank self, Epoch epoch, Duration patience, RegroupingPort& port);

  /// These other ranks live from now on. What was made, or is being made, is no group of the living any more.
  void living(std::vector<Rank> others);
  /// No collective is under way on this rank: begins to make a group, where there is none and it may be tried.
  void begin();
  void on_message(Rank from, const Grouped& message, Instant now);
  /// This rank's part has ended.
  void on_made(bool good);
  /// To be called at next_wake() or later.
  void on_tick(Instant now);
  std::optional<Instant> next_wake() const { return at_ == At::making ? std::optional(until_) : std::nullopt; }
  /// All that live have a communicator of just them.
  bool made() const { return at_ == At::made; }
  /// It is being made, or begin() would begin to.
  bool may_come() const;
  /// The last group that was begun.
  std::uint64_t number() const { return number_; }

 private:
  enum class At { none, told, making, made };
  void heard(Rank from, Instant now);
  void has(Rank rank);
  void fail();

  const Rank self_;
  const std::uint64_t last_number_;
  std::uint64_t number_;
  const Duration patience_;
  RegroupingPort& port_;
  std::vector<Rank> others_;
  At at_ = At::none;
  int tries_ = 0;
  std::set<Rank> awaited_;  // who has not answered
  Instant until_{};
};

}  // namespace kiln::protocol
