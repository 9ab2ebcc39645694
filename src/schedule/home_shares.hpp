#pragma once

#include "schedule/interval_set.hpp"

#include <map>
#include <set>
#include <utility>
#include <vector>

namespace kiln::schedule {

enum class Direction { ascending, descending };

/// Units dealt out as one contiguous share a worker. Who has nothing left takes the tail half of the largest share.
/// A take costs O(log workers), however many there are.
class HomeShares {
 public:
  /// Shares differ by one unit at most. `workers` in ascending order; without any, all units wait to be stolen.
  /// `dyadic`: shares and steals are cut at borders of the dyadic tree near by; shares then differ by up to a 32nd.
  HomeShares(IntervalSet units, const std::vector<Rank>& workers, Direction direction, bool dyadic = false);

  /// What `worker` is to take from next: its own share, filled by a steal where it was empty. Call only while there
  /// are units; valid until the next call of a member that changes something.
  const IntervalSet& share(Rank worker);
  /// Takes units of share(worker) out.
  void remove(Rank worker, Interval units);
  /// Units come back to the share that they were dealt to at first.
  void put_back(Interval units);

  std::uint64_t count() const { return count_; }
  bool empty() const { return count_ == 0; }

 private:
  void steal(Rank thief);
  UnitId cut(Interval whole, std::uint64_t at, std::uint64_t slack) const;
  template <class F>
  void change(Rank owner, F f);

  Direction direction_;
  bool dyadic_;
  std::map<Rank, IntervalSet> shares_;                        // never an empty one
  std::set<std::pair<std::uint64_t, std::int64_t>> by_size_;  // (units, -rank) of every share: the largest is last
  std::map<std::uint64_t, Rank> borders_;                     // first unit of the share as dealt -> its worker
  std::uint64_t count_ = 0;
};

}  // namespace kiln::schedule
