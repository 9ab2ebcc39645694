#pragma once

#include "base/time.hpp"
#include "flow/fold.hpp"
#include "store/run_store.hpp"
#include "store/so_far.hpp"

#include <kiln/detail/stage.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace kiln::job {

/// Writes down now and then what the exact reductions of the present stage have come to (so_far.h5), for those who look
/// on. Of one that goes along the tree there is no value before its end: what is there are pieces of it. Writer thread.
class SoFarKeeper {
 public:
  static constexpr Duration kLeastPause = std::chrono::seconds(2);
  static constexpr int kShare = 50;  ///< at most one part in so many of the time is spent on it
  static constexpr std::size_t kMostBytes = std::size_t{1} << 20;  ///< of a value; longer ones are left out
  static constexpr std::size_t kMostInAll = 4 * kMostBytes;

  /// `store` outlives this.
  explicit SoFarKeeper(store::RunStore& store) : store_(store) {}

  /// The stage of store.stages() begins, or goes on. What is written down of another one goes.
  void begin_stage(const detail::StagePlan& plan, Instant now);
  /// There is more than was written down.
  void note_news() { news_ = true; }
  /// Writes where there is news and it is time. Throws StorageError, and Deposed.
  void write_if_due(const flow::Fold& fold, Instant now);
  /// Writes where there is news: the run stops.
  void write_last(const flow::Fold& fold);
  /// The stage is over, and its values are in the journal.
  void end_stage();

 private:
  void write(const flow::Fold& fold);
  void remove();
  store::SoFar collect(const flow::Fold& fold) const;

  store::RunStore& store_;
  std::vector<detail::ReduceSink> sinks_;  // of the stage, where any is exact
  bool news_ = false;
  bool may_be_there_ = true;  // a file
  bool given_up_ = false;     // a value cannot be shown
  Instant next_{};
};

}  // namespace kiln::job
