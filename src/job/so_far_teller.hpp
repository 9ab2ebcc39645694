#pragma once

#include "base/time.hpp"
#include "flow/fold.hpp"
#include "store/run_store.hpp"

#include <kiln/detail/stage.hpp>

#include <cstddef>
#include <vector>

namespace kiln::job {

/// Tells the program's own functions (kiln::so_far) now and then what the reductions of the present stage have come to:
/// what is committed, no more. Writer thread.
class SoFarTeller {
 public:
  static constexpr int kShare = 20;  ///< at most one part in so many of the time is spent on it

  /// `store` outlives this.
  explicit SoFarTeller(store::RunStore& store) : store_(store) {}

  void begin_stage(const detail::StagePlan& plan, Instant now);
  /// More is committed than was told.
  void note_news();
  /// Tells those whose time it is. What a function throws is a warning, and it is not called again. Throws
  /// StorageError, and Deposed.
  void tell_if_due(const flow::Fold& fold, Instant now);
  /// Nothing is told any more: the program may go on, without what the functions refer to.
  void end_stage() { told_.clear(); }

 private:
  struct Told {
    std::size_t reduce;
    detail::ReduceSink sink;
    Instant next;
    bool news = true;
  };
  /// False: it has thrown.
  static bool tell(const Told& told, const flow::Fold& fold);

  store::RunStore& store_;
  std::vector<Told> told_;  // the sinks with a function
};

}  // namespace kiln::job
