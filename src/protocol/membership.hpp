#pragma once

#include <kiln/ids.hpp>
#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kiln::protocol {

/// Who of the other ranks lives, as one rank sees it. Only the coordinator decides by it; a worker watches the
/// coordinator with it. Pure: hears of messages and of time, and says who is dead.
///
/// Every rank sends something at least every quarter of the deadline (a Beat, where there is nothing else). Who is
/// silent for the deadline is declared dead. A rank whose own loop stood still for more than a quarter of the deadline
/// (it was stopped, its machine slept, its disk froze) forgives the others that time: slow is not dead.
///
/// A rank that is heard of after it was declared dead is taken up again under a new view. What it sends carries the
/// view in which it was taken up; what it sent under an older one does not count any more.
class Membership {
 public:
  /// `deadline` zero: nobody is ever declared dead, except by gone().
  Membership(const std::vector<Rank>& others, Duration deadline);

  /// The clock begins: everyone was just heard.
  void begin(Instant now);
  /// Where this rank runs, for telling a lost node from a rank that died alone.
  void set_host(Rank rank, std::string host);

  enum class Heard {
    counts,    ///< of a rank that lives
    old,       ///< sent before the rank was declared dead or taken up again: to be dropped
    returned,  ///< to be dropped too, but the rank lives: it was taken up again, view() is new, it begins anew
  };
  /// An intact message of `from` came in that carries this view. Messages that wait are heard before on_tick is called.
  Heard heard(Rank from, View view, Instant now);
  /// The rank was dead before this one became coordinator: it is taken up when it is heard.
  void lost_before(Rank rank);
  /// A rank that lives is taken up anew: view() is new, what it has does not count (Gathering says so).
  void take_up_anew(Rank rank);
  /// Whether this rank is one of those that it watches, living or not.
  bool knows(Rank rank) const { return members_.contains(rank); }
  /// The rank is known to have ended (the process table, the MPI); on_tick will say it.
  void gone(Rank rank);

  struct Death {
    Rank rank;
    /// Its process ended, or no other rank of its host fell silent with it. Not soon after this rank stood still for
    /// longer than the deadline: then the others had reason to leave.
    bool alone = true;
    Duration silence{};
  };
  /// To be called at next_wake, or more often; says who is dead from now on.
  std::vector<Death> on_tick(Instant now);
  /// Something was sent to this rank: it needs no beat for a while.
  void sent(Rank to, Instant now);
  /// Living ranks that are to get a beat now; counts as sent.
  std::vector<Rank> beats_due(Instant now);
  /// When on_tick and beats_due are wanted next: an eighth of the deadline after the last on_tick, and never later than
  /// the moment at which a rank that stays silent is dead.
  std::optional<Instant> next_wake() const;

  bool lives(Rank rank) const;
  std::size_t living() const { return living_; }
  /// In which the rank was taken up: to be put on what is sent to it. 1 at first.
  View view(Rank rank) const;

 private:
  struct Member {
    Instant heard_at{}, sent_at{};
    std::string host;
    View view{1};
    bool lives = true;
    bool gone = false;
  };
  bool alone(Rank rank, const Member& member, Instant now) const;

  Duration deadline_;
  std::map<Rank, Member> members_;
  std::size_t living_;
  std::set<Rank> gone_;  // and not declared dead yet
  View last_view_{1};
  Instant ticked_at_{};
  Instant earliest_death_{};            // of those that lived at the last tick, if none of them is heard any more
  std::optional<Instant> stood_still_;  // for longer than the deadline, until then
};

}  // namespace kiln::protocol
