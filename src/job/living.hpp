#pragma once

#include "job/inheritance.hpp"
#include "job/process_watch.hpp"
#include "net/transport.hpp"
#include "protocol/membership.hpp"

#include <map>
#include <string>
#include <vector>

namespace kiln::job {

/// Who of the other ranks lives, as the coordinator's rank sees it: by what it hears of them and by the processes of
/// its machine. For the whole life of the loop, over all stages. Main thread.
class Living {
 public:
  /// `deadline` zero: nobody is ever declared dead, and nobody is sent a beat. With an inheritance (nullptr: none) the
  /// coordinator before is nobody any more, and others that it thought dead are taken up when they are heard.
  Living(const net::Transport& transport, Duration deadline, const Inheritance* inheritance);

  /// For the link, which judges what comes in by it.
  protocol::Membership& members() { return members_; }
  bool lives(Rank rank) const { return members_.lives(rank); }
  /// The rank says where it is.
  void hear(Rank from, const protocol::Beat& place);

  struct Death {
    Rank rank;
    bool alone = true;   ///< as protocol::Membership::Death
    bool ended = false;  ///< its process is known to be gone; else it was silent for too long
    Duration silence{};
    std::string host;  ///< "" where it never said
    std::int32_t pid = 0;
  };
  /// At every turn of the loop, after what has come in was heard: who is dead from now on.
  std::vector<Death> look(Instant now);
  /// Ranks that are to get a beat now.
  std::vector<Rank> beats_due(Instant now) { return members_.beats_due(now); }
  const protocol::Beat& own_place() const { return own_place_; }
  /// Some rank was declared dead, be it back or not.
  bool lost_any() const { return lost_any_; }
  /// Ascending, this rank among them.
  std::vector<Rank> ranks() const;
  std::size_t living() const { return members_.living(); }

 private:
  bool watches_;
  Rank self_;
  std::int32_t size_;
  const protocol::Beat own_place_;
  protocol::Membership members_;
  ProcessWatch processes_;
  std::map<Rank, Death> known_;  // host and pid, and whether the process ended
  bool lost_any_ = false;
};

}  // namespace kiln::job
