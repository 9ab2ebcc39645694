#pragma once

#include "exec/holdings.hpp"
#include "flow/counts.hpp"
#include "net/collectives.hpp"
#include "protocol/coordinator.hpp"
#include "protocol/messages.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace kiln::job {

/// A rank's part in a join: what all ranks hold is added up on rank 0 (a gather of units and of what is no counts, then
/// a sum of the counts). Main thread; nothing blocks. Copies no counts but piece by piece.
class RankJoin {
 public:
  /// `collectives` outlives this. `mine` may be empty.
  RankJoin(net::Collectives& collectives, const protocol::Join& join, exec::HeldResults mine);

  /// Rank 0: where the sum goes, an empty harvest of the stage. Before the first poll.
  void sum_into(std::unique_ptr<flow::StageHarvest> sum) { sum_ = std::move(sum); }
  /// Moves on; whether it is over. Throws kiln::Error (internal) where a rank gives something else than the others.
  bool poll();

  /// Rank 0, when it is over.
  struct Result {
    std::vector<protocol::Coordinator::Joined> joined;
    std::unique_ptr<flow::StageHarvest> sum;
    std::size_t bytes = 0;  ///< of the sum
  };
  Result result();

 private:
  enum class At { begin, gathering, adding, over };
  Bytes beside() const;
  void hear(const std::vector<Bytes>& gathered);
  void begin_sum();

  net::Collectives& collectives_;
  const protocol::Join join_;
  exec::HeldResults mine_;
  flow::HeldCounts counts_;
  At at_ = At::begin;
  std::unique_ptr<flow::StageHarvest> sum_;
  std::optional<flow::SummedCounts> summed_;
  std::vector<protocol::Coordinator::Joined> joined_;
};

}  // namespace kiln::job
