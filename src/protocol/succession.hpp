#pragma once

#include "base/time.hpp"
#include "protocol/messages.hpp"

#include <kiln/ids.hpp>

#include <optional>
#include <set>
#include <vector>

namespace kiln::protocol {

/// Who takes over when the coordinator is dead, as a rank sees it that is not the coordinator. Pure: hears of messages
/// and of time, and says when it is this rank's turn. It only saves work: what keeps two from being coordinator is the
/// journal, where only one can begin the next epoch.
///
/// The lowest rank that lives, as far as is known, takes over when the coordinator was silent for the deadline, the
/// k-th k deadlines later. A rank that has begun says so (Candidate) and is waited for while it is heard; who falls
/// silent then is passed over, as is who has let its turn pass by a deadline: it is no heir of the one that takes over.
/// Ranks that are known to have ended are passed over at once. A rank whose own loop stood
/// still for more than a quarter of the deadline forgives the others that time.
class Succession {
 public:
  /// `ranks`: of the job, 0 to ranks-1, all of which live until living() says else. `deadline` zero: nobody ever
  /// takes over.
  Succession(Rank self, std::int32_t ranks, Rank coordinator, Duration deadline);

  /// The clock begins: the coordinator was just heard.
  void begin(Instant now);
  /// Something intact of the present coordinator came in.
  void heard(Instant now);
  /// The present coordinator says who lives.
  void living(const Living& message);
  /// This rank has ended (the process table, the MPI).
  void gone(Rank rank);
  /// A rank says that it is about to take over.
  void candidate(Rank rank, Instant now);
  /// This rank is the coordinator from now on: an intact message with a higher epoch came from it.
  void follow(Rank coordinator, Instant now);
  /// This rank was about to take over and found that another has begun an epoch (which one is not known): that one is
  /// waited for as if it had just been heard.
  void beaten(Instant now);

  /// To be called at next_wake, or more often, after all messages that wait were heard. True: this rank is to take over
  /// now; said once, until follow() or beaten(). From then on it sends Candidate to all ranks but the coordinator, at
  /// least every quarter of the deadline.
  bool on_tick(Instant now);
  /// An eighth of the deadline after the last on_tick, and never later than the moment at which it is this rank's turn
  /// or a candidate was silent for too long.
  std::optional<Instant> next_wake() const;

  Rank coordinator() const { return coordinator_; }
  bool taking_over() const { return taking_over_; }
  /// Who lives, as far as is known, this rank too; without the coordinator. Ascending.
  std::vector<Rank> heirs() const;

 private:
  bool lives(Rank rank) const;
  std::int64_t before_me() const;
  Duration patience() const;
  void pass_over_silent(Duration silence);

  Rank self_;
  std::int32_t ranks_;
  Rank coordinator_;
  Duration deadline_;
  std::vector<Living::Span> living_;
  std::set<Rank> gone_;  // known to have ended
  std::set<Rank>
      passed_over_;  // since the coordinator was heard: silent while they took over, or when it was their turn
  std::optional<Rank> candidate_;
  bool beaten_ = false;  // somebody has begun an epoch since the coordinator was heard
  bool taking_over_ = false;
  Instant silent_since_{};  // the coordinator, or the candidate
  Instant ticked_at_{};
};

/// The spans of these ranks, which are in ascending order.
Living living_of(const std::vector<Rank>& ranks);
/// The other way round.
std::vector<Rank> ranks_of(const Living& living);

}  // namespace kiln::protocol
