#pragma once

#include "flow/fold.hpp"
#include "job/rejected_limit.hpp"
#include "job/run_archive.hpp"
#include "job/so_far_keeper.hpp"
#include "job/so_far_teller.hpp"
#include "job/writer.hpp"
#include "store/run_store.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace kiln::job {

/// A program's run directory as the writer thread's archive. Partial results are joined here, where no message waits:
/// those of a commit before it is written, all of a stage once they are durable.
class ProgramArchive final : public StoreArchive {
 public:
  /// `store` outlives this.
  explicit ProgramArchive(store::RunStore& store) : StoreArchive(store), so_far_(store), teller_(store) {}

  /// Writer thread: a stage begins. What is committed of it already is read.
  void begin_stage(const detail::StagePlan& plan);
  /// Writer thread: of each reduce of the present stage, its value.
  std::vector<std::optional<Bytes>> values() const { return fold_->values(); }
  /// Main thread, before the commit that speaks of it (CommitPlan::joined): the sum of what the ranks held. `last`:
  /// with it, all units of the stage are settled and no worker holds any more.
  void give_joined(std::unique_ptr<flow::StageHarvest> sum, bool last);
  /// The stage's values, known before the commit of the last join is durable: once, as soon as they are.
  struct Early {
    std::vector<std::optional<Bytes>> values;
    std::uint64_t rejected = 0;
  };
  std::optional<Early> take_early();
  /// Any thread: rejected records of the present stage that are committed, by earlier launches too.
  RejectedCounts rejected() const {
    const std::uint64_t rejected = rejected_;
    return {rejected, records_};  // never fewer than those that the rejected ones are of
  }
  /// Writer thread: the stage's plan is not used any more.
  void end_stage() {
    teller_.end_stage();
    fold_.reset();
  }
  /// Writer thread: its end is in the journal.
  void stage_ended() { so_far_.end_stage(); }
  /// Writer thread: the run stops in it.
  void stop_stage();

  void commit(protocol::CommitPlan& plan) override;
  void tick() override;

 private:
  void put_joined(protocol::CommitPlan& plan);
  void count_rejected();
  void publish(std::vector<std::optional<Bytes>> values);

  std::unique_ptr<flow::Fold> fold_;
  bool ahead_ = false;  // there is more in it than is committed
  SoFarKeeper so_far_;
  SoFarTeller teller_;
  // Given by the main thread, taken by the writer thread with the commit that is asked for after it.
  std::unique_ptr<flow::StageHarvest> joined_;
  bool joined_last_ = false;
  std::atomic<std::uint64_t> records_ = 0, rejected_ = 0;
  std::mutex early_mutex_;
  std::optional<Early> early_;
};

}  // namespace kiln::job
