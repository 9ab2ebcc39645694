#include "coordinator_fixture.hpp"

namespace kiln::protocol {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Units 0..3, and 4..7 behind them.
class GatesTest : public CoordinatorTest {
 protected:
  GatesTest() {
    options.batch = "2";
    options.stages = {{schedule::IntervalSet(make_interval(0, 4)), {}},
                      {schedule::IntervalSet(make_interval(4, 8)), {0}}};
  }
  static Part failed(const Batch& batch) {
    Part part;
    part.batch = batch.id;
    for (UnitId unit = batch.units.first; unit < batch.units.last; unit = unit.next()) {
      part.failures.push_back({unit, FailureKind::failed, "exit code 3", {}});
    }
    part.busy_seconds = 1;
    part.last = true;
    return part;
  }
  std::uint64_t handed_out() {
    std::uint64_t units = 0;
    for (const auto& [rank, batch] : take<Batch>()) units += batch.units.size();
    return units;
  }
};

TEST_F(GatesTest, TheNextStageBeginsWhenTheLastIsCommitted) {
  begin(8, 3);
  const auto first = take<Batch>();
  ASSERT_EQ(first.size(), 2U);  // the third worker has nothing to do
  EXPECT_EQ(coordinator->counts().gated, 4U);
  hear(first[0].first, part(first[0].second, false));
  EXPECT_EQ(port.committing, nullptr);
  hear(first[1].first, part(first[1].second, false));
  EXPECT_EQ(handed_out(), 0U);
  ASSERT_NE(port.committing, nullptr);  // at once: others wait for it
  EXPECT_EQ(port.committing->done.count(), 4U);
  committed();
  EXPECT_EQ(handed_out(), 4U);
  EXPECT_EQ(coordinator->counts().gated, 0U);
}

TEST_F(GatesTest, WhatWorkersHoldIsWrittenFirst) {
  begin(8, 2);
  for (const auto& [rank, batch] : take<Batch>()) hear(rank, part(batch, true));
  EXPECT_EQ(port.committing, nullptr);
  const auto flushes = take<Flush>();
  ASSERT_EQ(flushes.size(), 2U);
  hear(1, segment({make_interval(0, 2)}, true));
  hear(2, segment({make_interval(2, 4)}, true));
  EXPECT_EQ(handed_out(), 0U);
  committed();
  EXPECT_EQ(handed_out(), 4U);
}

TEST_F(GatesTest, AFailedCommitKeepsItClosed) {
  begin(8, 2);
  for (const auto& [rank, batch] : take<Batch>()) hear(rank, part(batch, false));
  commit_fails();
  EXPECT_EQ(handed_out(), 0U);
  pass(options.storage_retry);
  committed();
  EXPECT_EQ(handed_out(), 4U);
}

TEST_F(GatesTest, LostResultsKeepItClosed) {
  begin(8, 2);
  for (const auto& [rank, batch] : take<Batch>()) hear(rank, part(batch, true));
  EXPECT_EQ(take<Flush>().size(), 2U);
  coordinator->on_dead(Rank(2), true, now);
  hear(1, segment({make_interval(0, 2)}, true));
  if (port.committing) committed();
  const auto again = take<Batch>();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].second.units, make_interval(2, 4));
  hear(1, part(again[0].second, false));
  committed();
  EXPECT_EQ(handed_out(), 2U);
}

TEST_F(GatesTest, ADeadLetterEndsTheRunWithoutTheNextStage) {
  begin(8, 2);
  const auto batches = take<Batch>();
  hear(batches[0].first, failed(batches[0].second));
  EXPECT_EQ(coordinator->counts().blocked, 4U);
  hear(batches[1].first, part(batches[1].second, false));
  committed();
  EXPECT_EQ(handed_out(), 0U);
  EXPECT_EQ(port.finished, Outcome::units_failed);
}

// The end of a stage is an end: who is idle takes half of what another one has not begun.
TEST_F(GatesTest, UnitsAreTakenBackAtTheEndOfAStage) {
  options.batch = "4";
  begin(8, 2);
  EXPECT_EQ(take<Batch>().size(), 1U);
  const auto asked = take<TakeBack>();
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].first, 1);
}

TEST_F(GatesTest, LateUnitsAreCopiedAtTheEndOfAStage) {
  options.batch = "1";
  options.speculate = Speculate::all;
  begin(8, 3);
  std::optional<Batch> late;
  for (int turn = 0; turn < 3; ++turn) {
    for (const auto& [rank, batch] : take<Batch>()) {
      if (batch.units.first == UnitId(3)) {
        late = batch;
      } else {
        hear(rank, part(batch, false));
      }
    }
  }
  ASSERT_TRUE(late);
  pass(seconds(1000));
  const auto copies = take<Batch>();
  ASSERT_EQ(copies.size(), 1U);
  EXPECT_TRUE(copies[0].second.copy);
  EXPECT_EQ(copies[0].second.units, single(UnitId(3)));
}

TEST_F(GatesTest, AnHeirGoesOnFromTheJournal) {
  CoordinatorStart start;
  start.units = 8;
  start.done = schedule::IntervalSet(make_interval(0, 4));
  start.workers = {Rank(1), Rank(2)};
  start.takeover = true;
  start.taken.push_back({Rank(2), {{BatchId(7), 1, {make_interval(6, 8)}}}, {}});
  begin(std::move(start));
  hear(1, Ready{"node", 1, 0});
  const auto batches = take<Batch>();
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_EQ(batches[0].second.units, make_interval(4, 6));
  EXPECT_EQ(coordinator->stages()[0].state, schedule::Gates::State::over);
}

// What the dead coordinator had heard and not committed runs again, before what is behind it.
TEST_F(GatesTest, AnHeirWaitsForWhatWasNotCommitted) {
  CoordinatorStart start;
  start.units = 8;
  start.done = schedule::IntervalSet(make_interval(0, 3));
  start.workers = {Rank(1)};
  start.takeover = true;
  start.taken.push_back({Rank(1), {}, schedule::IntervalSet(make_interval(3, 4)), 10});
  begin(std::move(start));
  hear(1, Ready{"node", 1, 0});
  EXPECT_EQ(handed_out(), 0U);
  EXPECT_EQ(take<Flush>().size(), 1U);
  hear(1, segment({make_interval(3, 4)}, true));
  committed();
  EXPECT_EQ(handed_out(), 2U);
}

}  // namespace
}  // namespace kiln::protocol
