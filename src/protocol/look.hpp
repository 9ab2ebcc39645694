#pragma once

#include "protocol/suspect.hpp"
#include "schedule/interval_set.hpp"

#include <cstdint>
#include <vector>

namespace kiln::protocol {

/// A batch that a worker has.
struct InFlight {
  schedule::IntervalSet units;  ///< not yet reported or given back
  std::uint32_t attempt = 1;
  bool suspect = false;  ///< one unit, the only one that its worker has
};

/// For how the process of a rank has ended that had these.
struct Look {
  Rank rank;
  std::uint64_t begun = 0;          ///< what it may have begun: so many units of the first batch
  std::vector<InFlight> batches{};  ///< at least one, none empty

  bool has_one() const { return batches.size() == 1 && batches.front().units.count() == 1; }
  /// Where its own code has said what it ran, these of the units; but that may be something else than what the rank
  /// had, a copy for instance. Otherwise those that it may have begun.
  schedule::IntervalSet what_ran(const ProcessEnd& end) const;
};

}  // namespace kiln::protocol
