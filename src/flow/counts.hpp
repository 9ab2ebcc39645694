#pragma once

#include "flow/stage_harvest.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

/// The counts of a stage's reductions (detail::Forest::count_length) as one row of numbers, those of one sink behind
/// those of the other: what a join adds, piece by piece.
namespace kiln::flow {

/// How many numbers these are; 0 where no sink is of that kind.
std::uint64_t count_length(const std::vector<detail::ReduceSink>& sinks);

/// What a rank holds of them, seen as their sum; copies nothing.
class HeldCounts {
 public:
  /// The harvests are of the same stage, joinable, and outlive this.
  explicit HeldCounts(const std::vector<StageHarvest*>& harvests);
  /// Writes the numbers from `first` on: all of `piece`, zeros where nothing is held.
  void give(std::uint64_t first, std::span<std::uint64_t> piece) const;

 private:
  struct Run {
    std::uint64_t first = 0;  // in the row
    std::span<const std::uint64_t> counts;
  };
  std::vector<Run> runs_;
};

/// Of each sink of both: the numbers of `from`, for those of `to`; a sink that has none there has none here.
void copy_counts(StageHarvest& from, StageHarvest& to);

/// Where the sums go: the same of a harvest that has the units already (StageHarvest::admit_beside).
class SummedCounts {
 public:
  /// `harvest` outlives this.
  explicit SummedCounts(StageHarvest& harvest);
  /// Numbers of sinks that no rank has a value for are dropped.
  void take(std::uint64_t first, std::span<const std::uint64_t> piece);

 private:
  struct Run {
    std::uint64_t first = 0;
    std::span<std::uint64_t> counts;
  };
  std::vector<Run> runs_;
};

}  // namespace kiln::flow
