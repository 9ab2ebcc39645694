#pragma once

#include "schedule/interval_set.hpp"

#include <functional>
#include <map>
#include <optional>
#include <vector>

namespace kiln::schedule {

enum class Order {
  listed,  ///< from one end of one queue
  home,    ///< each worker walks its own contiguous share; an empty one takes the tail half of the largest share left
};
enum class Direction { ascending, descending };

/// Units `interval` go before all units of a lower priority. Units in no class have priority 0.
struct PriorityClass {
  Interval interval;
  std::int32_t priority = 0;
};

struct QueueOptions {
  Order order = Order::listed;
  Direction direction = Direction::ascending;
  std::vector<PriorityClass> priorities;
};

/// The units that nobody has: what to hand out next. Pure; memory by intervals.
class UnitQueue {
 public:
  /// `units` are to be done. With Order::home, shares are dealt out over `workers` (ranks in ascending order).
  UnitQueue(const IntervalSet& units, QueueOptions options, std::vector<Rank> workers);

  /// Removes and returns up to `most` (>= 1) units for this worker: one contiguous interval of the highest priority
  /// class that has any, in the queue's order and direction (descending: the interval with the highest ids).
  /// Nothing when the queue is empty. A worker that is not in the list given at construction gets no share of its own
  /// but steals.
  std::optional<Interval> take(Rank worker, std::uint64_t most);
  /// As take, but cut so that `bytes_of(unit)` summed stays within `bytes` (at least one unit). The rest stays.
  std::optional<Interval> take(Rank worker, std::uint64_t most, std::uint64_t bytes,
                               const std::function<std::uint64_t(UnitId)>& bytes_of);
  /// Units that come back (given back, lost) go where they would be had they never been taken.
  void put_back(Interval interval);

  std::uint64_t count() const;  ///< units left
  bool empty() const { return count() == 0; }

 private:
  // Private state: helper's choice.
};

}  // namespace kiln::schedule
