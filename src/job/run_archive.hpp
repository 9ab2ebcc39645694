#pragma once

#include "job/writer.hpp"
#include "store/run_store.hpp"

#include <functional>
#include <utility>

namespace kiln::job {

/// The run directory as the writer thread's archive, but for what a commit writes.
class StoreArchive : public Archive {
 public:
  /// `store` outlives this.
  explicit StoreArchive(store::RunStore& store) : store_(store) {}

  protocol::ProcessEnd how_ended(Rank rank) override;
  void beat() override { store_.beat(); }
  void maintain() override { store_.maintain(); }
  void look_at_reign() override { store_.look_at_reign(); }
  void write_status(const std::string& text) override;
  /// One more line of events.jsonl. For people and tools that look on: what cannot be written is left out.
  void write_event(const std::string& line) override;
  bool may_recover(const Error& error) const override;

 protected:
  store::RunStore& store_;
};

/// Of a run of commands.
class RunArchive final : public StoreArchive {
 public:
  /// All outlive this. `before_commit`: what must be done before results are durable.
  RunArchive(store::RunStore& store, const Schema& schema, std::function<void()> before_commit)
      : StoreArchive(store), schema_(schema), before_commit_(std::move(before_commit)) {}

  void commit(protocol::CommitPlan& plan) override {
    before_commit_();
    store_.commit(plan, schema_);
  }
  void give(const schedule::IntervalSet& units) override { store_.give(units); }

 private:
  const Schema& schema_;
  std::function<void()> before_commit_;
};

}  // namespace kiln::job
