#include "coordinator_fixture.hpp"

namespace kiln::protocol {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Three workers and seven units: six are done in a second each, the last one, on rank 1, is not.
class CopiesTest : public CoordinatorTest {
 protected:
  CopiesTest() {
    options.batch = "1";
    options.speculate = Speculate::all;
  }
  static Part done(const Batch& batch, double busy = 1) {
    Part part = CoordinatorTest::part(batch, false);
    part.busy_seconds = busy;
    return part;
  }
  static Part failed(const Batch& batch) {
    Part part;
    part.batch = batch.id;
    part.failures = {{batch.units.first, FailureKind::failed, "exit code 3", {}}};
    part.busy_seconds = 1;
    part.last = true;
    return part;
  }
  void begin_late() {
    begin(7, 3);
    while (true) {
      const auto batches = take<Batch>();
      if (batches.empty()) break;
      pass(seconds(1));
      for (const auto& [rank, batch] : batches) {
        if (batch.units.first == UnitId(6)) {
          late = batch;
          slow = rank;
        } else {
          hear(rank, done(batch));
        }
      }
    }
    ASSERT_NE(slow, 0);
    port.sent.clear();
  }
  /// The copy that is begun after a while.
  std::pair<int, Batch> copy_of_late() {
    pass(seconds(10));
    const auto copies = take<Batch>();
    EXPECT_EQ(copies.size(), 1U);
    if (copies.empty()) return {0, {}};
    EXPECT_TRUE(copies[0].second.copy);
    EXPECT_EQ(copies[0].second.units, late.units);
    EXPECT_NE(copies[0].first, slow);
    EXPECT_NE(copies[0].second.id, late.id);
    return copies[0];
  }
  void commit_all() {
    while (port.committing) committed();
  }
  static GivenUp given_up(const Batch& batch, bool busy) { return {{{batch.id, batch.units, true}}, busy}; }

  Batch late;
  int slow = 0;
};

TEST_F(CopiesTest, NothingIsCopiedUnlessAskedFor) {
  options.speculate = Speculate::no;
  begin_late();
  pass(seconds(1000));
  EXPECT_TRUE(take<Batch>().empty());
  EXPECT_FALSE(coordinator->next_wake(now) && *coordinator->next_wake(now) <= now);
}

TEST_F(CopiesTest, WhoIsLateIsCopiedAtTheTimeItSays) {
  begin_late();
  const auto wake = coordinator->next_wake(now);
  ASSERT_TRUE(wake);
  EXPECT_LT(*wake, now + seconds(5));
  pass(milliseconds(100));
  EXPECT_TRUE(take<Batch>().empty()) << "it is not late yet";
  for (int i = 0; i < 20 && take<Batch>().empty(); ++i) {
    const auto next = coordinator->next_wake(now);
    ASSERT_TRUE(next);
    ASSERT_GT(*next, now);
    now = *next;
    coordinator->on_tick(now);
  }
  EXPECT_EQ(coordinator->counts().copies, 1U);
  EXPECT_LT(now, Instant{} + seconds(9));
  pass(seconds(100));
  EXPECT_TRUE(take<Batch>().empty()) << "one copy of a unit at a time";
  EXPECT_EQ(coordinator->counts().in_flight, 1U);
}

TEST_F(CopiesTest, AnUnlimitedStageOnly) {
  options.most_in_flight = 3;
  begin_late();
  pass(seconds(100));
  EXPECT_TRUE(take<Batch>().empty());
}

TEST_F(CopiesTest, NotWithTheCoordinatorsOwnRankWhereOthersWaitForIt) {
  options.speculate = Speculate::others;
  CoordinatorStart start;
  start.units = 3;
  start.workers = {Rank(0), Rank(1)};
  begin(std::move(start));
  for (const int rank : {0, 1}) hear(rank, Ready{"node", 1, 0});
  const auto batches = take<Batch>();
  ASSERT_EQ(batches.size(), 2U);
  pass(seconds(1));
  hear(batches[0].first, done(batches[0].second));
  const auto third = take<Batch>();
  ASSERT_EQ(third.size(), 1U);
  hear(third[0].first, done(third[0].second));
  pass(seconds(100));
  EXPECT_TRUE(take<Batch>().empty());
}

TEST_F(CopiesTest, TheCopyCountsWhenTheOtherHasGivenUp) {
  begin_late();
  const auto [fast, copy] = copy_of_late();
  hear(fast, Ended{copy.id, true});
  const auto asked = take<GiveUp>();
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].first, slow);
  EXPECT_EQ(asked[0].second.batch, late.id);
  EXPECT_EQ(asked[0].second.units, late.units);
  EXPECT_TRUE(take<Settle>().empty());
  hear(slow, given_up(late, true));
  const auto settled = take<Settle>();
  ASSERT_EQ(settled.size(), 1U);
  EXPECT_EQ(settled[0].first, fast);
  EXPECT_TRUE(settled[0].second.keep);
  hear(fast, done(copy));
  commit_all();
  EXPECT_EQ(port.finished, Outcome::complete);
  EXPECT_EQ(coordinator->counts().copies_won, 1U);
  EXPECT_EQ(coordinator->counts().dropped, 0U);
}

TEST_F(CopiesTest, TheFirstCountsWhenItIsDoneFirst) {
  begin_late();
  const auto [fast, copy] = copy_of_late();
  hear(slow, done(late));
  const auto settled = take<Settle>();
  ASSERT_EQ(settled.size(), 1U);
  EXPECT_EQ(settled[0].first, fast);
  EXPECT_FALSE(settled[0].second.keep);
  EXPECT_TRUE(take<GiveUp>().empty());
  commit_all();
  EXPECT_EQ(port.finished, Outcome::complete) << "nobody waits for the copy";
  EXPECT_EQ(coordinator->counts().copies_won, 0U);
}

TEST_F(CopiesTest, TheFirstCountsWhenItWasDoneBeforeTheQuestion) {
  begin_late();
  const auto [fast, copy] = copy_of_late();
  hear(fast, Ended{copy.id, true});
  hear(slow, done(late));
  EXPECT_FALSE(take<Settle>().at(0).second.keep);
  hear(slow, GivenUp{});
  EXPECT_TRUE(take<Settle>().empty());
  commit_all();
  EXPECT_EQ(port.finished, Outcome::complete);
  EXPECT_EQ(coordinator->counts().dropped, 0U);
}

TEST_F(CopiesTest, TheFirstCountsWhenItsPartComesAfterTheAnswer) {
  begin_late();
  const auto [fast, copy] = copy_of_late();
  hear(fast, Ended{copy.id, true});
  hear(slow, GivenUp{});
  EXPECT_FALSE(take<Settle>().at(0).second.keep);
  hear(slow, done(late));
  commit_all();
  EXPECT_EQ(port.finished, Outcome::complete);
}

TEST_F(CopiesTest, ACopyThatFailsIsNoFailure) {
  options.retries = 0;
  begin_late();
  const auto [fast, copy] = copy_of_late();
  hear(fast, Ended{copy.id, false});
  EXPECT_EQ(coordinator->counts().failed, 0U);
  pass(seconds(100));
  EXPECT_TRUE(take<Batch>().empty()) << "it is not copied again";
  hear(slow, done(late));
  commit_all();
  EXPECT_EQ(port.finished, Outcome::complete);
}

TEST_F(CopiesTest, WhileACopyRunsAFailureDoesNotCount) {
  options.retries = 0;
  begin_late();
  const auto [fast, copy] = copy_of_late();
  hear(slow, failed(late));
  EXPECT_TRUE(take<Settle>().at(0).second.keep);
  EXPECT_EQ(coordinator->counts().failed, 0U);
  EXPECT_EQ(coordinator->counts().in_flight, 1U);
  hear(fast, done(copy));
  commit_all();
  EXPECT_EQ(port.finished, Outcome::complete);
}

TEST_F(CopiesTest, AUnitThatFailsWhereverItRunsEnds) {
  options.retries = 0;
  begin_late();
  const auto [fast, copy] = copy_of_late();
  hear(slow, failed(late));
  pass(seconds(1000));
  EXPECT_TRUE(take<Batch>().empty()) << "its failure was overlooked once";
  hear(fast, failed(copy));
  EXPECT_EQ(coordinator->counts().failed, 1U);
  commit_all();
  EXPECT_EQ(port.finished, Outcome::units_failed);
}

TEST_F(CopiesTest, BothHaveFailedAtATimeAndTheUnitRunsOnceMore) {
  options.retries = 0;
  begin_late();
  const auto [fast, copy] = copy_of_late();
  hear(slow, failed(late));
  hear(fast, Ended{copy.id, false});  // it was on its way
  const auto again = take<Batch>();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_FALSE(again[0].second.copy);
  hear(again[0].first, failed(again[0].second));
  EXPECT_EQ(coordinator->counts().failed, 1U);
  commit_all();
  EXPECT_EQ(port.finished, Outcome::units_failed);
}

TEST_F(CopiesTest, WhoIsBusyGetsNothing) {
  options.retries = 1;
  options.backoff = Duration::zero();
  begin_late();
  const auto [fast, copy] = copy_of_late();
  hear(fast, Ended{copy.id, true});
  hear(slow, given_up(late, true));
  take<Settle>();
  hear(fast, failed(copy));  // it cannot be, but a unit has to come from somewhere
  pass(seconds(2));
  const auto again = take<Batch>();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_NE(again[0].first, slow);
  hear(slow, Ended{late.id, false});
  hear(again[0].first, done(again[0].second));
  commit_all();
  EXPECT_EQ(port.finished, Outcome::complete);
}

TEST_F(CopiesTest, ACopyGoesOnInPlaceOfWhatWasLost) {
  begin_late();
  const auto [fast, copy] = copy_of_late();
  coordinator->on_dead(Rank(slow), false, now);
  EXPECT_TRUE(take<Settle>().at(0).second.keep);
  hear(fast, done(copy));
  commit_all();
  EXPECT_EQ(port.finished, Outcome::complete);
}

TEST_F(CopiesTest, ACopyMakesRoomForWork) {
  begin(3, 3);
  const auto first = take<Batch>();
  ASSERT_EQ(first.size(), 3U);
  pass(seconds(1));
  hear(3, done(first[2].second));
  pass(seconds(10));
  const auto copy = take<Batch>();
  ASSERT_EQ(copy.size(), 1U);
  EXPECT_EQ(copy[0].first, 3);
  const int other = copy[0].second.units == first[0].second.units ? 2 : 1;
  coordinator->on_dead(Rank(other), false, now);
  EXPECT_FALSE(take<Settle>().at(0).second.keep);
  EXPECT_TRUE(take<Batch>().empty()) << "it is still busy with the copy";
  hear(3, Ended{copy[0].second.id, false});
  const auto work = take<Batch>();
  ASSERT_EQ(work.size(), 1U);
  EXPECT_FALSE(work[0].second.copy);
  EXPECT_EQ(work[0].second.units, first[static_cast<std::size_t>(other - 1)].second.units);
}

TEST_F(CopiesTest, WhatARankMayHaveDiedOfIsNotCopied) {
  begin_late();
  const auto [fast, copy] = copy_of_late();
  dies(slow, By::others);
  EXPECT_FALSE(take<Settle>().at(0).second.keep);
  EXPECT_EQ(coordinator->counts().suspects, 0U) << "it runs alone on the third";
  const auto suspect = take<Batch>();
  ASSERT_EQ(suspect.size(), 1U);
  EXPECT_NE(suspect[0].first, fast) << "it is still busy";
  pass(seconds(100));
  EXPECT_TRUE(take<Batch>().empty());
}

TEST_F(CopiesTest, ACopyMayEndBeforeItIsKnownHowTheRankOfItsUnitHasEnded) {
  begin_late();
  const auto [fast, copy] = copy_of_late();
  coordinator->on_dead(Rank(slow), true, now);
  EXPECT_FALSE(take<Settle>().at(0).second.keep);
  hear(fast, Ended{copy.id, true});
  EXPECT_TRUE(take<Batch>().empty());
  coordinator->on_who_ended(Rank(slow), {}, now);
  EXPECT_EQ(take<Batch>().size(), 1U);
}

TEST_F(CopiesTest, TheRankOfACopyDies) {
  begin_late();
  const auto [fast, copy] = copy_of_late();
  coordinator->on_dead(Rank(fast), true, now);
  EXPECT_EQ(coordinator->counts().suspects, 0U);
  EXPECT_EQ(coordinator->counts().in_flight, 1U);
  pass(seconds(100));
  EXPECT_TRUE(take<Batch>().empty()) << "it may have died of the unit";
  hear(slow, done(late));
  commit_all();
  EXPECT_EQ(port.finished, Outcome::complete);
}

TEST_F(CopiesTest, CopiesAreDroppedWhenTheRunIsStopped) {
  begin_late();
  const auto [fast, copy] = copy_of_late();
  coordinator->on_interrupt(Rank(0), false, now);
  EXPECT_FALSE(take<Settle>().at(0).second.keep);
  hear(slow, GivenBack{});
  hear(slow, done(late));
  commit_all();
  EXPECT_EQ(port.finished, Outcome::complete);
}

TEST_F(CopiesTest, ACopyThatWaitsStillCountsWhenTheRunIsStopped) {
  begin_late();
  const auto [fast, copy] = copy_of_late();
  hear(fast, Ended{copy.id, true});
  coordinator->on_interrupt(Rank(0), true, now);
  EXPECT_TRUE(take<Settle>().empty());
  hear(slow, GivenBack{});
  hear(slow, given_up(late, true));
  EXPECT_TRUE(take<Settle>().at(0).second.keep);
  hear(fast, done(copy));
  commit_all();
  EXPECT_EQ(port.finished, Outcome::complete);
}

}  // namespace
}  // namespace kiln::protocol
