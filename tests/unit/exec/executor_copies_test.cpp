#include "exec/executor.hpp"

#include "command_fixture.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <set>
#include <thread>
#include <vector>

namespace kiln::exec {
namespace {

const Tables kTables = {{"", {{"a", ColumnType::u64, "", ""}}}};

/// What the runner does; outlives the executor.
struct Script {
  std::atomic<std::uint64_t> waits_at = UINT64_MAX;  // this unit waits until it is another
  std::uint64_t fails_at = UINT64_MAX;
  std::uint64_t claim = 1;
  std::atomic<std::uint64_t> begun = 0;  // units
  std::atomic<int> given_up = 0;
  bool heeds = false;  // a unit that waits looks whether it is cancelled
};

class WaitingRunner final : public Runner {
 public:
  explicit WaitingRunner(Script& script) : script_(script) {}
  const Tables& tables() const override { return kTables; }
  void run(const Work&, Interval claimed, Results& results) override {
    for (UnitId unit = claimed.first; unit < claimed.last; unit = unit.next()) {
      script_.begun.fetch_add(1);
      while (script_.waits_at == unit.value() && !(script_.heeds && results.cancelled())) std::this_thread::yield();
      if (unit.value() == script_.fails_at) {
        results.failed({unit, protocol::FailureKind::failed, "because", {}});
        continue;
      }
      results.rows().begin_row(unit);
      results.rows().put(unit.value());
      results.succeeded(single(unit));
    }
  }
  std::uint64_t claim(double) const override { return script_.claim; }
  void cancel() override {}
  void give_up() override { script_.given_up.fetch_add(1); }
  void signal() override {}

 private:
  Script& script_;
};

class ExecutorCopies : public testing::Test {
 protected:
  Executor& executor() {
    if (executor_ == nullptr) {
      executor_ = std::make_unique<Executor>(std::make_unique<WaitingRunner>(script), options, [] {});
    }
    return *executor_;
  }
  void submit(std::uint64_t id, Interval units, bool copy) {
    Work work;
    work.id = BatchId(id);
    work.units = units;
    work.copy = copy;
    executor().submit(std::move(work));
  }
  /// Units that were reported as done.
  std::set<std::uint64_t> reported() {
    protocol::Part part;
    while (executor().poll(part)) {
      for (const Interval units : part.done) {
        for (UnitId unit = units.first; unit < units.last; unit = unit.next()) all_.insert(unit.value());
      }
      if (part.last) last_.push_back(part.batch.value());
    }
    return all_;
  }
  bool begins(std::uint64_t units) {
    return eventually([&] { return script.begun == units; });
  }
  bool ended(std::uint64_t batch, bool done) {
    protocol::Ended ended;
    return eventually([&] { return executor().poll_ended(ended); }) && ended.batch == BatchId(batch) &&
           ended.done == done;
  }

  Script script;
  Executor::Options options;
  std::unique_ptr<Executor> executor_;
  std::set<std::uint64_t> all_;
  std::vector<std::uint64_t> last_;
};

TEST_F(ExecutorCopies, ACopyStaysApartUntilItIsKept) {
  submit(7, make_interval(3, 6), true);
  ASSERT_TRUE(ended(7, true));
  EXPECT_TRUE(reported().empty());
  EXPECT_FALSE(executor().settle_copy(BatchId(7), true));
  EXPECT_EQ(reported(), (std::set<std::uint64_t>{3, 4, 5}));
  EXPECT_EQ(last_, std::vector<std::uint64_t>{7});
}

TEST_F(ExecutorCopies, ACopyThatIsLargeIsHeldOnceItIsKept) {
  options.ride_bytes = 0;
  submit(7, make_interval(3, 6), true);
  ASSERT_TRUE(ended(7, true));
  HeldResults held;
  EXPECT_EQ(executor().holdings().take(held), Holdings::Taken::nothing);
  executor().settle_copy(BatchId(7), true);
  protocol::Part part;
  ASSERT_TRUE(executor().poll(part));
  EXPECT_TRUE(part.held);
  EXPECT_EQ(executor().holdings().take(held), Holdings::Taken::all);
  EXPECT_EQ(held.units.count(), 3U);
}

TEST_F(ExecutorCopies, ACopyThatIsDroppedLeavesNothing) {
  submit(7, make_interval(3, 6), true);
  ASSERT_TRUE(ended(7, true));
  EXPECT_FALSE(executor().settle_copy(BatchId(7), false));
  EXPECT_FALSE(executor().settle_copy(BatchId(7), true)) << "it is gone";
  submit(8, make_interval(6, 7), false);
  ASSERT_TRUE(eventually([&] { return reported() == std::set<std::uint64_t>{6}; }));
}

TEST_F(ExecutorCopies, ACopyThatFailsEndsInVain) {
  script.fails_at = 4;
  submit(7, make_interval(3, 6), true);
  EXPECT_TRUE(ended(7, false));
  EXPECT_FALSE(executor().settle_copy(BatchId(7), true));
  EXPECT_TRUE(reported().empty());
}

TEST_F(ExecutorCopies, ACopyThatIsKeptWhileItRunsIsABatchLikeAnyOther) {
  script.waits_at = 3;
  submit(7, make_interval(3, 4), true);
  ASSERT_TRUE(begins(1));
  EXPECT_FALSE(executor().settle_copy(BatchId(7), true));
  script.waits_at = UINT64_MAX;
  ASSERT_TRUE(eventually([&] { return reported() == std::set<std::uint64_t>{3}; }));
  protocol::Ended ended;
  EXPECT_FALSE(executor().poll_ended(ended));
}

TEST_F(ExecutorCopies, ACopyThatIsDroppedWhileItRunsTellsItsEnd) {
  script.waits_at = 3;
  submit(7, make_interval(3, 4), true);
  ASSERT_TRUE(begins(1));
  EXPECT_TRUE(executor().settle_copy(BatchId(7), false));
  EXPECT_EQ(script.given_up, 1);
  script.waits_at = UINT64_MAX;
  EXPECT_TRUE(ended(7, false));
  EXPECT_TRUE(reported().empty());
}

TEST_F(ExecutorCopies, WhatRunsIsGivenUpWithAllThatIsBehindIt) {
  script.waits_at = 2;
  submit(7, make_interval(0, 6), false);
  submit(8, make_interval(6, 8), false);
  ASSERT_TRUE(begins(3));
  const protocol::GivenUp given = executor().give_up(BatchId(7), make_interval(2, 3));
  EXPECT_TRUE(given.busy);
  std::set<std::uint64_t> back;
  for (const auto& piece : given.pieces) {
    for (UnitId unit = piece.units.first; unit < piece.units.last; unit = unit.next()) back.insert(unit.value());
  }
  EXPECT_EQ(back, (std::set<std::uint64_t>{2, 3, 4, 5, 6, 7}));
  EXPECT_TRUE(given.pieces.back().last);
  EXPECT_EQ(reported(), (std::set<std::uint64_t>{0, 1})) << "what ended before is there at once";
  EXPECT_TRUE(executor().give_up(BatchId(7), make_interval(2, 3)).pieces.empty()) << "only once";
  script.waits_at = UINT64_MAX;
  EXPECT_TRUE(ended(7, false));
  submit(9, make_interval(8, 9), false);
  ASSERT_TRUE(eventually([&] { return reported().contains(8); }));
  EXPECT_EQ(reported(), (std::set<std::uint64_t>{0, 1, 8}));
}

TEST_F(ExecutorCopies, AllThatRunsTogetherIsGivenUp) {
  script.waits_at = 2;
  script.claim = 4;
  submit(7, make_interval(0, 4), false);
  ASSERT_TRUE(begins(3));
  const protocol::GivenUp given = executor().give_up(BatchId(7), make_interval(0, 4));
  ASSERT_EQ(given.pieces.size(), 1U);
  EXPECT_EQ(given.pieces[0].units, make_interval(0, 4));
  script.waits_at = UINT64_MAX;
  EXPECT_TRUE(ended(7, false));
  EXPECT_TRUE(reported().empty());
}

TEST_F(ExecutorCopies, WhatHasEndedIsNotGivenUp) {
  submit(7, make_interval(0, 1), false);
  ASSERT_TRUE(eventually([&] { return reported().contains(0); }));
  script.waits_at = 1;
  submit(8, make_interval(1, 2), false);
  ASSERT_TRUE(begins(2));
  EXPECT_TRUE(executor().give_up(BatchId(7), make_interval(0, 1)).pieces.empty());
  EXPECT_FALSE(executor().give_up(BatchId(8), make_interval(0, 2)).busy) << "not all of it runs";
  script.waits_at = UINT64_MAX;
  ASSERT_TRUE(eventually([&] { return reported().contains(1); }));
}

TEST_F(ExecutorCopies, WhatHasNotBegunIsGivenBack) {
  script.waits_at = 0;
  submit(7, make_interval(0, 1), false);
  submit(8, make_interval(1, 3), false);
  ASSERT_TRUE(begins(1));
  const protocol::GivenUp given = executor().give_up(BatchId(8), make_interval(1, 3));
  EXPECT_FALSE(given.busy);
  ASSERT_EQ(given.pieces.size(), 1U);
  EXPECT_TRUE(given.pieces[0].last);
  script.waits_at = UINT64_MAX;
  ASSERT_TRUE(eventually([&] { return reported() == std::set<std::uint64_t>{0}; }));
}

TEST_F(ExecutorCopies, EndsWhileSomethingThatWasGivenUpRuns) {
  script.waits_at = 0;
  script.heeds = true;
  submit(7, make_interval(0, 1), false);
  ASSERT_TRUE(begins(1));
  EXPECT_TRUE(executor().give_up(BatchId(7), make_interval(0, 1)).busy);
  executor_.reset();
}

}  // namespace
}  // namespace kiln::exec
