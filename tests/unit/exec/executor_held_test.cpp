#include "exec/executor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

// A runner that says how much may be held: its units wait until less is.
namespace kiln::exec {
namespace {

constexpr std::size_t kEach = 1000, kMost = 5 * kEach;
constexpr std::uint64_t kUnits = 100;
const Tables kTables = {{"", {{"a", ColumnType::u64, "", ""}}}};

/// Only grows.
struct Heap : Harvest {
  void absorb(Harvest& later) override { size += std::exchange(static_cast<Heap&>(later).size, 0); }
  std::size_t bytes() const override { return size; }
  void encode(ByteWriter&) const override {}
  bool may_ride() const override { return false; }
  std::size_t size = 0;
};

class HeapRunner : public Runner {
 public:
  const Tables& tables() const override { return kTables; }
  std::unique_ptr<Harvest> make_harvest() const override { return std::make_unique<Heap>(); }
  std::size_t most_held() const override { return kMost; }
  void run(const Work&, Interval claimed, Results& results) override {
    static_cast<Heap&>(*results.harvest()).size += kEach * claimed.size();
    results.succeeded(claimed);
  }
  std::uint64_t claim(double) const override { return 1; }
  void cancel() override {}
  void signal() override {}
};

class ExecutorHeld : public testing::Test {
 protected:
  ExecutorHeld() {
    Executor::Options options;
    options.ride_bytes = 0;
    executor_ = std::make_unique<Executor>(std::make_unique<HeapRunner>(), options, [] {});
    executor_->submit({BatchId(1), make_interval(0, kUnits), 1, {}, false});
  }
  /// Counts what has ended.
  void poll() {
    for (protocol::Part part; executor_->poll(part); part = {}) {
      EXPECT_TRUE(part.held);
      for (const Interval units : part.done) done_ += units.size();
    }
  }
  template <class F>
  void wait_for(F&& condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!condition() && std::chrono::steady_clock::now() < end) {
      poll();
      std::this_thread::yield();
    }
    ASSERT_TRUE(condition());
  }
  bool is_full() { return executor_->holdings().bytes() > kMost; }

  std::unique_ptr<Executor> executor_;
  std::uint64_t done_ = 0;
};

TEST_F(ExecutorHeld, UnitsWaitUntilWhatIsHeldIsWritten) {
  while (done_ < kUnits && !HasFatalFailure()) {
    wait_for([this] { return is_full() || done_ == kUnits; });
    EXPECT_LE(executor_->holdings().bytes(), kMost + kEach);
    HeldResults taken;
    wait_for([&] { return executor_->holdings().take(taken) != Holdings::Taken::later; });
    executor_->holds_less();  // taken, not written
    EXPECT_LE(executor_->holdings().bytes(), kMost + kEach);
    executor_->holdings().written();
    executor_->holds_less();
  }
}

TEST_F(ExecutorHeld, WhatWaitsCanBeTakenBack) {
  wait_for([this] { return is_full(); });
  poll();
  std::uint64_t back = 0;
  for (const auto& piece : executor_->take_back(protocol::TakeBack::Share::all)) back += piece.units.size();
  poll();
  EXPECT_EQ(back + done_, kUnits);
  EXPECT_GT(back, kUnits / 2);
}

TEST_F(ExecutorHeld, MayEndWhileUnitsWait) {
  wait_for([this] { return is_full(); });
  EXPECT_TRUE(executor_->end(std::chrono::seconds(60)));
}

}  // namespace
}  // namespace kiln::exec
