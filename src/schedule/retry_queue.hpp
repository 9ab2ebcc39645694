#pragma once

#include "base/time.hpp"

#include <kiln/ids.hpp>

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>

namespace kiln::schedule {

/// Units that failed and wait for their next attempt.
class RetryQueue {
 public:
  struct Waiting {
    UnitId unit;
    std::uint32_t attempt = 2;  ///< number of the attempt to come
    Rank avoid;                 ///< where it failed last
    Instant since;              ///< when its wait is over
  };

  void push(Waiting waiting);
  /// The unit whose wait is over longest, for this worker. One that failed on this worker is held back for another
  /// while `others` (other workers are alive) and less than `kHoldBack` has passed since its wait was over.
  std::optional<Waiting> take(Rank worker, bool others, Instant now);
  /// The next moment at which take may give something that it does not give now.
  std::optional<Instant> next_wake(Instant now) const;

  /// Whether the wait of some unit is over.
  bool any_due(Instant now) const { return !waiting_.empty() && waiting_.begin()->first.since <= now; }
  std::size_t size() const { return waiting_.size(); }
  bool empty() const { return size() == 0; }

  static constexpr Duration kHoldBack = std::chrono::seconds(1);

 private:
  /// Who waits longest comes first; equal ones by unit.
  struct Key {
    Instant since;
    UnitId unit;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Head {
    Key key;
    Rank avoid;
    friend auto operator<=>(const Head&, const Head&) = default;
  };
  void remove(Key key, Rank avoid);

  std::map<Key, Waiting> waiting_;
  std::map<Rank, std::set<Key>> by_rank_;  // those that failed last on that rank; never an empty set
  std::set<Head> heads_;                   // the first of each set of by_rank_: take looks at three of them at most
};

/// The wait before attempt `attempt` (2 = first retry): base * 2^(attempt-2), at most 5 minutes (or `base` where that
/// is more), times 0.75..1.25 drawn from (seed, unit, attempt) so that equal failures do not come back in step.
Duration backoff_delay(Duration base, std::uint32_t attempt, std::uint64_t seed, UnitId unit);

}  // namespace kiln::schedule
