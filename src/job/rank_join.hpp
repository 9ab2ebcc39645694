#pragma once

#include "exec/holdings.hpp"
#include "flow/counts.hpp"
#include "net/collectives.hpp"
#include "protocol/coordinator.hpp"
#include "protocol/messages.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace kiln::job {

/// An answer to a call as a rank has it. Counts that came apart are in `harvest`, or, where this rank held nothing that
/// they could go into, in `counts`: those of all sinks, one behind the other.
struct RankAnswer {
  protocol::Answer answer;
  std::unique_ptr<flow::StageHarvest> harvest;
  std::vector<std::uint64_t> counts;
};

/// A rank's part in a join: what all ranks hold is added up on rank 0 (a gather of units and of what is no counts, then
/// a sum of the counts). Rank 0 may then answer the stage's call at once: the sums go back into what the ranks held.
/// Main thread; nothing blocks. Copies no counts but piece by piece.
class RankJoin {
 public:
  /// `collectives` outlives this. `mine` may be empty.
  RankJoin(net::Collectives& collectives, const protocol::Join& join, exec::HeldResults mine);

  /// Rank 0, once the sum is there: the answer to the call, its counts apart; nothing: nobody is to have them yet.
  /// `own`: what this rank held, may be null.
  using Answer = std::function<std::optional<protocol::Answer>(flow::StageHarvest& sum, std::uint64_t units,
                                                               std::unique_ptr<flow::StageHarvest> own)>;
  /// Rank 0: where the sum goes, an empty harvest of the stage. Before the first poll.
  void sum_into(std::unique_ptr<flow::StageHarvest> sum, Answer answer) {
    sum_ = std::move(sum);
    give_answer_ = std::move(answer);
  }
  /// Moves on; whether it is over. Throws kiln::Error (internal) where a rank gives something else than the others.
  bool poll();

  /// Rank 0: all that the ranks gave is in the sum: it is done with, whatever becomes of the collectives.
  bool summed() const { return at_ >= At::telling; }
  /// The coordinator has what this rank gave.
  void set_taken() { taken_ = true; }
  /// The collectives are abandoned: what this rank gave, where the coordinator does not have it; else nothing. The last
  /// call.
  exec::HeldResults give_back();

  /// Rank 0, when it is over, or summed() and the collectives are abandoned.
  struct Result {
    std::vector<protocol::Coordinator::Joined> joined;
    std::unique_ptr<flow::StageHarvest> sum;
    std::size_t bytes = 0;  ///< of the sum
  };
  Result result();
  /// The others, when it is over: once, what rank 0 has answered.
  std::optional<RankAnswer> take_answer() { return std::exchange(answer_, std::nullopt); }

 private:
  enum class At { begin, gathering, adding, telling, spreading, over };
  At next();
  Bytes beside() const;
  void hear(const std::vector<Bytes>& gathered);
  void begin_sum();
  Bytes said();
  bool hear_said(const Bytes& said);
  void begin_spread();
  std::unique_ptr<flow::StageHarvest> take_mine();

  net::Collectives& collectives_;
  const protocol::Join join_;
  exec::HeldResults mine_;
  flow::HeldCounts counts_;
  At at_ = At::begin;
  bool taken_ = false;
  std::unique_ptr<flow::StageHarvest> sum_;
  Answer give_answer_;
  std::optional<flow::SummedCounts> summed_;
  std::vector<protocol::Coordinator::Joined> joined_;
  std::optional<RankAnswer> answer_;
};

}  // namespace kiln::job
