#pragma once

#include "flow/fold.hpp"
#include "job/run_archive.hpp"
#include "job/writer.hpp"
#include "store/run_store.hpp"

#include <memory>

namespace kiln::job {

/// A program's run directory as the writer thread's archive. Partial results are joined here, where no message waits:
/// those of a commit before it is written, all of a stage once they are durable.
class ProgramArchive final : public Archive {
 public:
  /// `store` outlives this.
  explicit ProgramArchive(store::RunStore& store) : store_(store) {}

  /// Writer thread: a stage begins; `plan` outlives it. What is committed of it already is read.
  void begin_stage(const detail::StagePlan& plan);
  /// Writer thread: of each reduce of the present stage, its value.
  std::vector<std::optional<Bytes>> values() const { return fold_->values(); }
  /// Writer thread: the stage's plan is not used any more.
  void end_stage() { fold_.reset(); }

  void commit(protocol::CommitPlan& plan) override;
  void beat() override { store_.beat(); }
  void maintain() override { store_.maintain(); }
  void write_status(const std::string& text) override { store_.directory().write_replaced("status.json", text); }
  void write_event(const std::string& line) override { append_event(store_.directory(), line); }
  bool may_recover(const Error& error) const override {
    return dynamic_cast<const store::StorageError*>(&error) != nullptr;
  }

 private:
  store::RunStore& store_;
  std::unique_ptr<flow::Fold> fold_;
};

}  // namespace kiln::job
