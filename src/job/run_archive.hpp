#pragma once

#include "job/writer.hpp"
#include "store/run_store.hpp"

namespace kiln::job {

/// One more line of events.jsonl. For people and tools that look on: what cannot be written is left out.
void append_event(const store::RunDirectory& directory, const std::string& line);

/// The run directory as the writer thread's archive.
class RunArchive final : public Archive {
 public:
  /// Both outlive this.
  RunArchive(store::RunStore& store, const Schema& schema) : store_(store), schema_(schema) {}

  void commit(protocol::CommitPlan& plan) override { store_.commit(plan, schema_); }
  void beat() override { store_.beat(); }
  void maintain() override { store_.maintain(); }
  void write_status(const std::string& text) override { store_.directory().write_replaced("status.json", text); }
  void write_event(const std::string& line) override { append_event(store_.directory(), line); }
  bool may_recover(const Error& error) const override {
    return dynamic_cast<const store::StorageError*>(&error) != nullptr;
  }

 private:
  store::RunStore& store_;
  const Schema& schema_;
};

}  // namespace kiln::job
