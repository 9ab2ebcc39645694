#pragma once

#include "schedule/home_shares.hpp"
#include "schedule/interval_set.hpp"
#include "schedule/unit_values.hpp"

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace kiln::schedule {

enum class Order {
  listed,  ///< from one end of one queue
  home,    ///< each worker walks its own contiguous share; an empty one takes the tail half of the largest share left
};

/// Units `interval` go before all units of a lower priority. Units in no class have priority 0; where classes overlap,
/// the later one holds.
struct PriorityClass {
  Interval interval;
  std::int32_t priority = 0;
};

struct QueueOptions {
  Order order = Order::listed;
  Direction direction = Direction::ascending;
  std::vector<PriorityClass> priorities = {};
  /// Batches, shares and steals are cut where the dyadic tree over unit ids has a border, so that what a worker folds
  /// is one node or a few. A batch has at least half the units it may have.
  bool dyadic = false;
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
  /// `bytes_of` is asked once a unit; an empty function means that units have no bytes.
  std::optional<Interval> take(Rank worker, std::uint64_t most, std::uint64_t bytes,
                               const std::function<std::uint64_t(UnitId)>& bytes_of);
  /// Units that come back (given back, lost) go where they would be had they never been taken.
  void put_back(Interval interval);

  std::uint64_t count() const { return count_; }  ///< units left
  bool empty() const { return count() == 0; }

 private:
  /// Units of one priority; `listed` or `home` holds them, as the order says.
  struct Class {
    IntervalSet listed;
    std::optional<HomeShares> home;
  };
  using Cut = std::function<std::uint64_t(Interval)>;  // of a candidate interval: how many of its units are taken

  std::optional<Interval> take_cut(Rank worker, std::uint64_t most, const Cut* cut);
  Interval candidate(const IntervalSet& units, std::uint64_t most) const;
  Interval trim(Interval interval, std::uint64_t size) const;

  QueueOptions options_;
  std::vector<Rank> workers_;
  UnitValues<std::int32_t> priorities_;
  std::map<std::int32_t, Class> classes_;
  std::set<std::int32_t> waiting_;  // priorities of classes that have units
  std::uint64_t count_ = 0;
};

}  // namespace kiln::schedule
