#include "protocol/coordinator.hpp"
#include "protocol/gathering.hpp"

#include "coordinator_fixture.hpp"

#include <map>

namespace kiln::protocol {
namespace {

using namespace std::chrono_literals;

/// Units that begin at most once (CoordinatorOptions::no_rerun_lost).
class GivenTest : public CoordinatorTest {
 protected:
  GivenTest() { options.no_rerun_lost = true; }

  /// All that is asked for is durable.
  void given() {
    while (!port.giving.empty()) {
      port.giving.clear();
      coordinator->on_given(now);
    }
  }
  void give_fails() {
    port.giving.clear();
    coordinator->on_give_failed(now);
  }
  /// What the workers were handed: (rank, unit).
  std::vector<std::pair<int, std::uint64_t>> handed() {
    std::vector<std::pair<int, std::uint64_t>> units;
    for (const auto& [rank, batch] : take<Batch>()) {
      EXPECT_EQ(batch.units.size(), 1U);
      batches[rank] = batch;
      units.emplace_back(rank, batch.units.first.value());
    }
    return units;
  }
  static Part failure(const Batch& batch, FailureKind kind) {
    Part part;
    part.batch = batch.id;
    part.failures.push_back({batch.units.first, kind, "exit code 3", {}});
    part.last = true;
    return part;
  }
  std::vector<DeadLetter> dead() {
    pass(1h);
    return port.committing ? port.committing->dead : std::vector<DeadLetter>{};
  }

  using Handed = std::vector<std::pair<int, std::uint64_t>>;
  std::map<int, Batch> batches;
};

TEST_F(GivenTest, NothingIsHandedOutBeforeItIsDurable) {
  begin(10, 2);
  EXPECT_TRUE(handed().empty());
  ASSERT_FALSE(port.giving.empty());
  const auto first = port.giving.front()->first;
  given();
  EXPECT_EQ(handed().front(), (std::pair{1, first.value()}));
}

TEST_F(GivenTest, AWorkerHasOneUnitAndNoneAhead) {
  begin(10, 2);
  given();
  EXPECT_EQ(handed(), (Handed{{1, 0}, {2, 1}}));
  pass(1s);
  EXPECT_TRUE(handed().empty());
  EXPECT_TRUE(port.giving.empty()) << "nobody waits: nothing is given ahead";
}

TEST_F(GivenTest, MoreAreGivenAtATimeWhereUnitsAreShortAndFewerWhereTheyAreLong) {
  begin(1000, 1);
  std::uint64_t largest = 0;
  for (int i = 0; i < 300; ++i) {
    if (!port.giving.empty()) {
      largest = std::max(largest, port.giving.count());
      given();
    }
    for (const auto& [rank, unit] : handed()) hear(rank, part(batches.at(rank), false));
    now += 1ms;
  }
  EXPECT_EQ(largest, 64U);
  for (int i = 0; i < 200; ++i) {
    if (!port.giving.empty()) {
      largest = port.giving.count();
      given();
    }
    now += 10s;
    for (const auto& [rank, unit] : handed()) hear(rank, part(batches.at(rank), false));
  }
  EXPECT_EQ(largest, 1U);
}

TEST_F(GivenTest, WhatADeadWorkerHadInHandIsADeadLetter) {
  begin(2, 2);
  given();
  ASSERT_EQ(handed(), (Handed{{1, 0}, {2, 1}}));
  coordinator->on_dead(Rank(2), true, now);
  EXPECT_EQ(coordinator->counts().failed, 1U);
  hear(1, part(batches.at(1), false));
  EXPECT_TRUE(handed().empty()) << "nobody gets it again";
  ASSERT_EQ(dead().size(), 1U);
  EXPECT_EQ(dead()[0].unit, UnitId(1));
  EXPECT_EQ(dead()[0].reason, "lost with rank 2 (node): it may have run; --no-rerun-lost");
  committed();
  EXPECT_EQ(port.finished, Outcome::units_failed);
}

TEST_F(GivenTest, WhatIsGivenBackIsHandedOutAgain) {
  begin(2, 2);
  given();
  handed();
  hear(2, GivenBack{{{batches.at(2).id, batches.at(2).units, true}}});
  EXPECT_EQ(handed(), (Handed{{2, 1}}));
  EXPECT_TRUE(port.giving.empty()) << "it was given";
}

TEST_F(GivenTest, AFailedTryIsAnAnswer) {
  options.retries = 1;
  options.backoff = 0s;
  begin(1, 1);
  given();
  handed();
  hear(1, failure(batches.at(1), FailureKind::failed));
  pass(2s);
  EXPECT_EQ(handed(), (Handed{{1, 0}}));
  EXPECT_EQ(batches.at(1).attempt, 2U);
}

TEST_F(GivenTest, WhatIsCancelledIsADeadLetter) {
  begin(3, 1);
  given();
  handed();
  coordinator->on_interrupt(Rank(0), true, now);
  hear(1, failure(batches.at(1), FailureKind::cancelled));
  ASSERT_EQ(dead().size(), 1U);
  EXPECT_EQ(dead()[0].reason, "it was ended as the run was stopped: it may have run; --no-rerun-lost");
  committed();
  EXPECT_EQ(port.finished, Outcome::interrupted);
}

TEST_F(GivenTest, TheRunDoesNotEndWhileUnitsAreGiven) {
  begin(3, 1);
  ASSERT_FALSE(port.giving.empty());
  coordinator->on_interrupt(Rank(0), true, now);
  EXPECT_FALSE(port.finished);
  given();
  EXPECT_EQ(port.finished, Outcome::interrupted);
}

TEST_F(GivenTest, AFullDiskIsTriedAgain) {
  begin(3, 1);
  give_fails();
  EXPECT_TRUE(port.giving.empty());
  ASSERT_EQ(coordinator->next_wake(now), now + options.storage_retry);
  pass(options.storage_retry);
  EXPECT_EQ(port.giving.count(), 1U);
  EXPECT_TRUE(handed().empty());
  given();
  EXPECT_EQ(handed(), (Handed{{1, 0}}));
}

TEST_F(GivenTest, ADiskThatStaysFullEndsTheRun) {
  begin(3, 1);
  for (int i = 0; i < 100 && !port.finished; ++i) {
    if (!port.giving.empty()) give_fails();
    pass(options.storage_retry);
  }
  EXPECT_EQ(port.finished, Outcome::storage);
}

TEST_F(GivenTest, WhatWasGivenBeforeALossIsADeadLetterUnlessAWorkerHasIt) {
  CoordinatorStart start;
  start.units = 6;
  start.workers = {Rank(1)};
  start.done.insert(make_interval(0, 1));
  start.given.insert(make_interval(0, 4));
  start.takeover = true;
  start.taken.push_back({Rank(1), {{BatchId(7), 1, {make_interval(1, 2)}}}, {}, 0, false, false, 0, false, 0});
  begin(std::move(start));
  EXPECT_EQ(coordinator->counts().failed, 2U);
  EXPECT_EQ(coordinator->counts().in_flight, 1U);
  ASSERT_EQ(dead().size(), 2U);
  EXPECT_EQ(dead()[0].unit, UnitId(2));
  EXPECT_EQ(dead()[1].unit, UnitId(3));
  EXPECT_NE(dead()[0].reason.find("the coordinator or the whole job was lost: it may have run"), std::string::npos);
}

// Whoever goes on without the option keeps what was promised.
TEST_F(GivenTest, ItHoldsWithoutTheOptionToo) {
  options.no_rerun_lost = false;
  CoordinatorStart start;
  start.units = 2;
  start.workers = {Rank(1)};
  start.given.insert(make_interval(0, 1));
  begin(std::move(start));
  hear(1, Ready{"node", 1, 0});
  EXPECT_EQ(handed(), (Handed{{1, 1}}));
  EXPECT_EQ(coordinator->counts().failed, 1U);
}

TEST_F(GivenTest, ResultsThatWereReportedToTheDeadCoordinatorCount) {
  CoordinatorStart start;
  start.units = 3;
  start.workers = {Rank(1)};
  start.given.insert(make_interval(0, 2));
  Gathering gathering(std::move(start));
  Holding holding;
  holding.kept = 1;
  gathering.on_message(Rank(1), holding);
  Part kept;
  kept.batch = BatchId(3);
  kept.attempt = 1;
  kept.number = 1;
  kept.done = {make_interval(0, 1)};
  kept.last = true;
  gathering.on_message(Rank(1), kept);
  ASSERT_TRUE(gathering.complete());
  begin(gathering.finish().start);
  EXPECT_EQ(coordinator->counts().done, 1U);
  EXPECT_EQ(coordinator->counts().failed, 1U) << "nobody has the other one";
}

TEST_F(GivenTest, NothingIsCopied) {
  options.speculate = Speculate::all;
  begin(1, 2);
  given();
  handed();
  pass(1h);
  EXPECT_EQ(coordinator->counts().copies, 0U);
  EXPECT_FALSE(coordinator->next_wake(now));
}

}  // namespace
}  // namespace kiln::protocol
