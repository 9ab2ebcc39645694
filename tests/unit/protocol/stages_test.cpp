#include "coordinator_fixture.hpp"

#include <algorithm>

namespace kiln::protocol {
namespace {

using namespace std::chrono_literals;

class StageTest : public CoordinatorTest {};

TEST_F(StageTest, IdsGoOnCounting) {
  CoordinatorStart start;
  start.units = 4;
  start.workers = {Rank(1)};
  start.first_batch = 70;
  start.first_commit = 9;
  start.setup.call = 3;
  begin(std::move(start));
  hear(1, Ready{"node", 1, 3});
  const auto batches = take<Batch>();
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_EQ(batches[0].second.id, BatchId(70));
  hear(1, part(batches[0].second, false));
  ASSERT_NE(port.committing, nullptr);
  EXPECT_EQ(port.committing->id, 9U);
  EXPECT_EQ(coordinator->next_batch(), 71U);
  EXPECT_EQ(coordinator->next_commit(), 10U);
}

TEST_F(StageTest, AWorkerThatIsStillInAnEarlierOneGetsNothing) {
  CoordinatorStart start;
  start.units = 4;
  start.workers = {Rank(1)};
  start.setup.call = 3;
  begin(std::move(start));
  hear(1, Ready{"node", 1, 2});
  EXPECT_TRUE(take<Batch>().empty());
  EXPECT_EQ(coordinator->counts().dropped, 0U);
  pass(1000s);
  hear(1, Ready{"node", 1, 3});
  EXPECT_EQ(take<Batch>().size(), 1U);
}

TEST_F(StageTest, AFaultEndsTheRunWithWhatIsDone) {
  begin(100, 2);
  const auto batches = take<Batch>();
  hear(1, part(batches[0].second, false));
  EXPECT_EQ(take<Batch>().size(), 1U);
  hear(2, Fault{3, "rank 2: no"});
  ASSERT_EQ(port.faults.size(), 1U);
  EXPECT_EQ(port.faults[0].first, Rank(2));
  EXPECT_EQ(port.faults[0].second.exit_code, 3);
  EXPECT_EQ(take<Cancel>().size(), 2U);
  EXPECT_EQ(take<TakeBack>().size(), 2U);
  ASSERT_NE(port.committing, nullptr);
  committed();
  hear(1, GivenBack{{{BatchId(3), make_interval(8, 12), true}}});
  hear(2, GivenBack{{{BatchId(2), make_interval(4, 8), true}}});
  EXPECT_EQ(port.finished, Outcome::fault);
  EXPECT_EQ(coordinator->counts().committed, 4U);
}

TEST_F(StageTest, AUnitThatDoesNotEndIsLeftBehindAndTheRestIsCommitted) {
  using namespace std::chrono_literals;
  options.give_up_after = 2s;
  begin(8, 2);
  const auto batches = take<Batch>();
  ASSERT_EQ(batches.size(), 2U);
  hear(1, part(batches[0].second, false));
  coordinator->on_interrupt(Rank(0), true, now);
  EXPECT_EQ(take<Cancel>().size(), 1U);
  committed();
  EXPECT_FALSE(port.finished) << "the other one may still end";
  EXPECT_EQ(coordinator->next_wake(now), now + 2s);
  pass(2s);
  EXPECT_EQ(port.finished, Outcome::interrupted);
  EXPECT_EQ(coordinator->counts().done, 4U);
  hear(2, part(batches[1].second, false));  // too late
  EXPECT_EQ(coordinator->counts().done, 4U);
}

TEST_F(StageTest, AFaultOfARankWithoutWorkEndsIt) {
  begin(4, 1);
  const auto batches = take<Batch>();
  hear(0, Fault{70, "rank 0: no"});
  hear(1, part(batches[0].second, false));
  committed();
  EXPECT_EQ(port.finished, Outcome::fault) << "also where every unit is done";
}

class InFlightLimit : public CoordinatorTest {
 protected:
  // A worker takes what it has, one unit after another, in parts of one.
  void end_one(int rank) {
    Batch& batch = hands.at(rank).front();
    Part one;
    one.batch = batch.id;
    one.done = {single(batch.units.first)};
    one.busy_seconds = 1e-5;  // several batches ahead
    one.rows = Bytes(8);
    batch.units.first = batch.units.first.next();
    one.last = batch.units.empty();
    if (one.last) hands[rank].erase(hands[rank].begin());
    hear(rank, one);
    take_all();
  }
  void take_all() {
    for (auto& [rank, batch] : take<Batch>()) hands[rank].push_back(batch);
    EXPECT_LE(coordinator->counts().in_flight, options.most_in_flight);
    most = std::max(most, coordinator->counts().in_flight);
  }
  std::map<int, std::vector<Batch>> hands;
  std::uint64_t most = 0;
};

TEST_F(InFlightLimit, HoldsAndLeavesNobodyWithout) {
  options.most_in_flight = 10;
  options.batch = "100";
  begin(200, 3);
  take_all();
  // Rank 1 was there first; what it has not begun goes to the others.
  for (const auto& [rank, ask] : take<TakeBack>()) {
    GivenBack given;
    Batch& last = hands[rank].back();
    given.pieces.push_back({last.id, last.units, true});
    hands[rank].pop_back();
    hear(rank, given);
    take_all();
  }
  EXPECT_EQ(hands.size(), 3U);
  for (int i = 0; i < 1000 && coordinator->counts().done < 200; ++i) {
    const int rank = 1 + i % 3;
    if (!hands[rank].empty()) end_one(rank);
  }
  EXPECT_EQ(coordinator->counts().done, 200U);
  EXPECT_EQ(most, 10U);
}

TEST_F(InFlightLimit, HoldsForRetries) {
  options.most_in_flight = 1;
  options.retries = 3;
  options.backoff = 0s;
  begin(3, 2);
  std::uint64_t failures = 0;
  for (int i = 0; i < 100 && coordinator->counts().done < 3; ++i) {
    auto batches = take<Batch>();
    ASSERT_LE(batches.size(), 1U);
    ASSERT_LE(coordinator->counts().in_flight, 1U);
    if (batches.empty()) {
      pass(1s);
      continue;
    }
    const auto& [rank, batch] = batches[0];
    if (batch.attempt <= 2) {
      Part bad;
      bad.batch = batch.id;
      bad.failures = {{batch.units.first, FailureKind::failed, "no", {}}};
      bad.last = true;
      ++failures;
      hear(rank, bad);
    } else {
      hear(rank, part(batch, false));
    }
  }
  EXPECT_EQ(coordinator->counts().done, 3U);
  EXPECT_EQ(failures, 6U);
}

}  // namespace
}  // namespace kiln::protocol
