#pragma once

#include "job/writer.hpp"
#include "store/file_ops.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace kiln::job {

/// What a disk that is full for now throws.
class FullDisk : public Error {
 public:
  FullDisk() : Error(ExitCode::stopped_early, "no space left") {}
};

/// Keeps what it is given in memory; each kind of call can be told what to do first.
class FakeArchive final : public Archive {
 public:
  std::function<void()> on_commit = [] {}, on_give = [] {}, on_beat = [] {}, on_maintain = [] {}, on_status = [] {},
                        on_event = [] {}, on_look = [] {}, on_tick = [] {}, on_reign = [] {};

  void commit(protocol::CommitPlan& plan) override {
    on_commit();
    note([&] { commits.push_back(plan.id); });
  }
  void give(const schedule::IntervalSet& units) override {
    on_give();
    note([&] { given.insert(units); });
  }
  protocol::ProcessEnd how_ended(Rank rank) override {
    on_look();
    return {crashed.contains(rank)};
  }
  void look_at_reign() override { on_reign(); }
  void beat() override {
    on_beat();
    note([&] { ++beats; });
  }
  void maintain() override {
    on_maintain();
    note([&] { ++maintained; });
  }
  void tick() override {
    on_tick();
    note([&] { ++ticks; });
  }
  void write_status(const std::string& text) override {
    on_status();
    note([&] { statuses.push_back(text); });
  }
  void write_event(const std::string& line) override {
    on_event();
    note([&] { events.push_back(line); });
  }
  bool may_recover(const Error& error) const override {
    return dynamic_cast<const FullDisk*>(&error) != nullptr ||
           dynamic_cast<const store::StorageError*>(&error) != nullptr;
  }

  /// Whether it holds within twenty seconds; asked with everything below at rest.
  bool eventually(const std::function<bool()>& holds) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), holds);
  }

  std::vector<std::uint64_t> commits;
  schedule::IntervalSet given;
  std::vector<std::string> statuses, events;
  std::set<Rank> crashed;  // these have ended themselves; before the writer begins
  int beats = 0, maintained = 0, ticks = 0;

 private:
  void note(const std::function<void()>& write) {
    {
      const std::lock_guard lock(mutex_);
      write();
    }
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
};

/// Closed at first; whoever passes waits until it is open (or twenty seconds are over: a test must end).
class Gate {
 public:
  void open() {
    {
      const std::lock_guard lock(mutex_);
      open_ = true;
    }
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(20), [this] { return open_; }));
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
};

}  // namespace kiln::job
