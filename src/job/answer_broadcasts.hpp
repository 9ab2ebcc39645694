#pragma once

#include "net/collectives.hpp"
#include "protocol/messages.hpp"

#include <deque>
#include <optional>

namespace kiln::job {

/// Answers larger than this are broadcast instead of being sent to each rank.
inline constexpr std::size_t kMostInMessage = std::size_t{64} << 10;

/// The broadcasts that a rank other than the coordinator was told of: it takes part in them one after the other, in the
/// order in which they were announced. Main thread; nothing blocks.
class AnswerBroadcasts {
 public:
  /// `collectives` outlives this.
  explicit AnswerBroadcasts(net::Collectives& collectives) : collectives_(collectives) {}

  void announce(const protocol::Announce& announce) { waiting_.push_back(announce); }
  /// The next answer that has come whole; moves the present broadcast on. Throws kiln::Error (internal) where it is not
  /// what was announced.
  std::optional<protocol::Answer> poll();
  /// It moves on only while this rank looks.
  bool under_way() const { return !waiting_.empty(); }

 private:
  net::Collectives& collectives_;
  std::deque<protocol::Announce> waiting_;  // the first one is under way, if begun_
  bool begun_ = false;
};

}  // namespace kiln::job
