#pragma once

#include "job/rank_join.hpp"
#include "net/collectives.hpp"
#include "protocol/messages.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace kiln::job {

/// Answers larger than this are broadcast instead of being sent to each rank.
inline constexpr std::size_t kMostInMessage = std::size_t{64} << 10;

/// The collectives that a rank other than the coordinator was told of: it takes part in them one after the other, in
/// the order in which it heard of them. Main thread; nothing blocks.
class RankCollectives {
 public:
  /// `collectives` outlives this.
  explicit RankCollectives(net::Collectives& collectives) : collectives_(collectives) {}

  /// The broadcast of an answer.
  void announce(const protocol::Announce& announce) { waiting_.emplace_back(Broadcast{announce}); }
  /// A join of what the ranks hold.
  void join(const protocol::Join& join, exec::HeldResults mine) {
    waiting_.emplace_back(std::make_unique<RankJoin>(collectives_, join, std::move(mine)));
  }
  /// A communicator of these ranks is to be made, behind what is under way here; `coordinator` is its root. It takes
  /// the place of an earlier one that is not there yet.
  void group(const protocol::Group& group, Rank coordinator);
  /// All have heard of it.
  void make_group(std::uint64_t number);
  /// What the coordinator is to hear of groups.
  std::vector<protocol::Grouped> take_grouped() { return std::exchange(grouped_, {}); }
  /// Moves the present one on; the answer that has come whole, where there is one. Throws kiln::Error (internal) where
  /// it is not what was announced.
  std::optional<RankAnswer> poll();
  /// The coordinator has what this rank gave to the join that it was told of last; the join may go on.
  void set_taken();
  /// A rank has died: no collective will end any more, and none is begun before there is another group. Answers that
  /// are missing come by message. What this rank gave to a join, or was to give, where the coordinator does not have
  /// it; else nothing.
  exec::HeldResults abandon();
  /// As net::Collectives has it.
  std::size_t buried() const { return collectives_.buried(); }
  /// They move on only while this rank looks.
  bool under_way() const { return !waiting_.empty() && !std::holds_alternative<Grouping>(waiting_.front()); }

 private:
  struct Broadcast {
    protocol::Announce announced;
    bool begun = false;
  };
  struct Grouping {
    std::uint64_t number = 0;
    std::vector<Rank> members;
    Rank coordinator;
    enum class At { told, heard, making } at = At::told;
  };
  std::optional<RankAnswer> poll(Broadcast& broadcast);
  void poll(Grouping& grouping);

  net::Collectives& collectives_;
  std::deque<std::variant<Broadcast, std::unique_ptr<RankJoin>, Grouping>> waiting_;  // the first one is under way
  std::vector<protocol::Grouped> grouped_;                                            // to be told
};

}  // namespace kiln::job
