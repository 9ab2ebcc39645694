#pragma once

#include "job/link.hpp"
#include "job/process_watch.hpp"
#include "protocol/succession.hpp"

#include <map>
#include <vector>

namespace kiln::job {

/// On a rank that works: when it is its turn to take the coordinator's place. Knows of other ranks what they say
/// (Candidate), what the coordinator says (Living), and on this machine the ends of the processes of those that come
/// first. Main thread.
class Heirs {
 public:
  /// Those whose processes are watched, as they are the first to take over. Others are passed over when they are
  /// silent.
  static constexpr std::int32_t kWatched = 8;

  /// `link` outlives this. `deadline`: RunOptions::heartbeat, above zero.
  Heirs(Link& link, Duration deadline);

  /// The coordinator has said something.
  void hear(const protocol::Message& message);
  /// Another rank has: a Beat, or a Candidate.
  void hear_peer(Rank from, const protocol::Message& message);
  /// The coordinator's process has ended.
  void coordinator_ended();
  /// A new coordinator was heard: the link's.
  void follow();
  /// This rank was about to take over, and the journal says that another is.
  void beaten();
  /// At every turn of the loop, after all that has come in was heard. True, once: this rank is to take over now. Says
  /// so to the others until follow() or beaten().
  bool turn(Instant now);

  bool taking_over() const { return succession_.taking_over(); }
  /// Who may live: this rank, and no coordinator of before.
  std::vector<Rank> living() const { return succession_.heirs(); }
  /// Who lived when the coordinator last said so, and is known to live no more; without the coordinator itself.
  std::vector<Rank> lost_since() const;
  /// Where ranks are, as far as they have said.
  const std::map<Rank, protocol::Beat>& places() const { return places_; }
  void note_place(Rank rank, const protocol::Beat& place) { places_[rank] = place; }

 private:
  void introduce();
  void say_candidate(Instant now);

  Link& link_;
  Duration deadline_;
  protocol::Succession succession_;
  std::vector<Rank> told_living_;  // by the coordinator
  ProcessWatch processes_;
  std::map<Rank, protocol::Beat> places_;
  bool introduced_ = false, begun_ = false;
  bool urgent_ = false;  // somebody ended since the last look
  Instant heard_at_{}, said_at_{};
};

}  // namespace kiln::job
