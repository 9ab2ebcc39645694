#include "protocol/gathering.hpp"

#include "coordinator_fixture.hpp"

namespace kiln::protocol {
namespace {

/// A coordinator takes over from one that died. Ranks 1 (its own), 2 and 3 work.
class GatheringTest : public CoordinatorTest {
 protected:
  void gather(std::uint64_t units, schedule::IntervalSet done = {}, schedule::IntervalSet dead = {}) {
    CoordinatorStart start;
    start.units = units;
    start.done = std::move(done);
    start.dead = std::move(dead);
    start.workers = {Rank(1), Rank(2), Rank(3)};
    start.self = Rank(1);
    gathering.emplace(std::move(start));
  }
  void answer(int rank, Holding holding, std::vector<Message> resent = {}) {
    holding.kept = resent.size();
    gathering->on_message(Rank(rank), Ready{"node", 1, 0});
    gathering->on_message(Rank(rank), std::move(holding));
    for (Message& message : resent) gathering->on_message(Rank(rank), std::move(message));
  }
  static Holding in_hand(std::uint64_t id, Interval units, std::uint32_t attempt = 1) {
    Holding holding;
    holding.batches = {{BatchId(id), attempt, {units}}};
    return holding;
  }
  static Holding held(Interval units) {
    Holding holding;
    holding.held = {units};
    return holding;
  }
  static Part sent(std::uint64_t id, Interval units, std::uint64_t number, std::uint32_t attempt = 1) {
    Part one = part(Batch{BatchId(id), units, attempt, {}}, false);
    one.number = number;
    one.attempt = attempt;
    return one;
  }
  static Part fails(std::uint64_t id, std::uint64_t unit, std::uint32_t attempt = 1) {
    Part one;
    one.batch = BatchId(id);
    one.failures = {{UnitId(unit), FailureKind::failed, "exit code 3", {}}};
    one.attempt = attempt;
    one.last = true;
    return one;
  }
  void go_on() {
    ASSERT_TRUE(gathering->complete());
    Gathering::Gathered gathered = gathering->finish();
    anew = gathered.anew;
    coordinator.emplace(options, std::move(gathered.start), port);
    coordinator->begin(now);
    EXPECT_EQ(coordinator->counts().dropped, 0U);
    EXPECT_TRUE(take<protocol::Setup>().empty()) << "they have it";
  }

  std::optional<Gathering> gathering;
  std::vector<Rank> anew;
};

TEST_F(GatheringTest, WaitsForAllThatLive) {
  gather(20);
  answer(1, {});
  answer(3, in_hand(7, make_interval(0, 4)), {sent(6, make_interval(4, 8), 1)});
  EXPECT_FALSE(gathering->complete());
  gathering->on_dead(Rank(2));
  EXPECT_TRUE(gathering->complete());
}

TEST_F(GatheringTest, IsNotCompleteUntilAllIsSentAgain) {
  gather(20);
  answer(1, {});
  answer(2, {});
  Holding holding;
  holding.kept = 2;
  gathering->on_message(Rank(3), holding);
  gathering->on_message(Rank(3), sent(6, make_interval(4, 8), 1));
  gathering->on_message(Rank(3), Ready{"node", 1, 0});
  EXPECT_FALSE(gathering->complete());
  gathering->on_message(Rank(3), sent(7, make_interval(8, 12), 2));
  EXPECT_TRUE(gathering->complete());
}

TEST_F(GatheringTest, UnitsInHandStayWithTheirWorker) {
  gather(12);
  answer(1, in_hand(7, make_interval(0, 4)));
  answer(2, in_hand(9, make_interval(4, 8)));
  answer(3, {});
  go_on();
  EXPECT_EQ(coordinator->counts().in_flight, 12U);
  const auto given = take<Batch>();
  ASSERT_EQ(given.size(), 1U);
  EXPECT_EQ(given[0].first, 3);
  EXPECT_EQ(given[0].second.units, make_interval(8, 12));
  EXPECT_EQ(given[0].second.id, BatchId(10)) << "above all that were seen";
  hear(1, sent(7, make_interval(0, 4), 1));
  hear(2, sent(9, make_interval(4, 8), 1));
  hear(3, sent(10, make_interval(8, 12), 1));
  committed();
  EXPECT_EQ(port.finished, Outcome::complete);
}

TEST_F(GatheringTest, WhatWasSentAndNotCommittedCountsOnce) {
  options.retain_bytes = 100'000;
  gather(8, schedule::IntervalSet(make_interval(0, 4)));
  answer(1, {}, {sent(6, make_interval(0, 4), 4), sent(7, make_interval(4, 8), 5)});
  answer(2, {});
  answer(3, {});
  go_on();
  EXPECT_TRUE(anew.empty());
  ASSERT_NE(port.committing, nullptr);
  EXPECT_EQ(port.committing->rows.size(), 1U);
  EXPECT_EQ(port.committing->done, schedule::IntervalSet(make_interval(4, 8)));
  committed();
  EXPECT_EQ(port.finished, Outcome::complete);
  EXPECT_EQ(take<Committed>().at(0).second.number, 5U);
}

TEST_F(GatheringTest, WhatCameMeanwhileCountsToo) {
  gather(8);
  answer(1, in_hand(6, make_interval(0, 8)));
  gathering->on_message(Rank(1), sent(6, make_interval(0, 8), 1));
  answer(2, {});
  answer(3, {});
  go_on();
  EXPECT_EQ(coordinator->counts().done, 8U);
}

TEST_F(GatheringTest, WhatWorkersHoldIsDoneAndIsAskedForWhenACommitIsDue) {
  gather(8);
  answer(1, held(make_interval(0, 4)));
  Segment file = segment({make_interval(4, 8)}, false);
  answer(2, {}, {file});
  answer(3, {});
  go_on();
  EXPECT_EQ(coordinator->counts().done, 8U);
  EXPECT_EQ(coordinator->held_units(), 4U);
  const auto asked = take<Flush>();
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].first, 1);
  hear(1, segment({make_interval(0, 4)}, true));
  ASSERT_NE(port.committing, nullptr);
  EXPECT_EQ(port.committing->segments.size(), 2U);
}

TEST_F(GatheringTest, ASegmentThatAnEntryNamesDoesNotCountAgain) {
  gather(8, schedule::IntervalSet(make_interval(0, 8)));
  answer(1, {}, {segment({make_interval(0, 8)}, false)});
  answer(2, {});
  answer(3, {});
  go_on();
  EXPECT_TRUE(anew.empty());
  EXPECT_EQ(port.finished, Outcome::complete);
}

TEST_F(GatheringTest, AfterATakeoverAllJoinWhereTheyHaveACommunicator) {
  for (const bool has : {false, true}) {
    options.join_counts = 1;
    port.joining = has ? RecordingPort::CanJoin::yes : RecordingPort::CanJoin::no;
    gather(8);
    Holding holding = held(make_interval(0, 8));
    holding.joinable = true;
    answer(1, holding);
    answer(2, {});
    answer(3, {});
    go_on();
    EXPECT_EQ(take<Join>().size(), has ? 3U : 0U);
    EXPECT_EQ(take<Flush>().size(), has ? 0U : 1U);
  }
}

// Rank 3 was declared dead, its units run elsewhere and are committed or in hand there; it has not heard of it.
TEST_F(GatheringTest, WhoContradictsTheJournalOrOthersBeginsAnew) {
  gather(20, schedule::IntervalSet(make_interval(0, 2)));
  answer(1, {}, {sent(5, make_interval(0, 4), 1)});
  answer(2, in_hand(6, make_interval(4, 8)));
  answer(3, in_hand(7, make_interval(7, 12)), {sent(4, make_interval(12, 20), 1)});
  go_on();
  EXPECT_EQ(anew, (std::vector{Rank(1), Rank(3)}));
  EXPECT_EQ(coordinator->counts().done, 2U);
  EXPECT_EQ(coordinator->counts().in_flight, 4U);
  coordinator->on_back(Rank(3), now);
  hear(3, Ready{"node", 1, 0});
  EXPECT_EQ(take<Batch>().at(0).second.units, make_interval(2, 4));
}

TEST_F(GatheringTest, UnitsThatDoNotExistOrComeTwiceAreNotBelieved) {
  gather(20);
  answer(1, in_hand(6, make_interval(18, 21)));
  Holding twice = in_hand(7, make_interval(0, 4));
  twice.held = {make_interval(3, 5)};
  answer(2, twice);
  answer(3, in_hand(8, make_interval(5, 7), 2));
  go_on();
  EXPECT_EQ(anew.size(), 3U) << "a retry is a batch of one";
}

TEST_F(GatheringTest, PartsWithoutResultsCountByTheUnit) {
  gather(8, schedule::IntervalSet(make_interval(2, 3)));
  Part bare = sent(5, make_interval(0, 8), 1);
  bare.rows.clear();
  bare.partials.clear();
  answer(1, {}, {bare});
  answer(2, {});
  answer(3, {});
  go_on();
  EXPECT_TRUE(anew.empty());
  committed();
  EXPECT_EQ(port.finished, Outcome::complete);
}

TEST_F(GatheringTest, AFailureIsRememberedWhileNobodyHasTheUnit) {
  options.retries = 2;
  options.backoff = Duration::zero();
  gather(3, {}, schedule::IntervalSet(make_interval(2, 3)));
  answer(1, {}, {fails(5, 0), fails(6, 1), fails(7, 2)});
  answer(2, in_hand(8, make_interval(1, 2), 2));
  answer(3, {}, {fails(9, 0, 2)});
  go_on();
  EXPECT_TRUE(anew.empty());
  const auto given = take<Batch>();
  ASSERT_EQ(given.size(), 1U);
  EXPECT_EQ(given[0].second.units, make_interval(0, 1));
  EXPECT_EQ(given[0].second.attempt, 3U) << "the last failure was its second";
  hear(2, fails(8, 1, 2));
  const auto again = take<Batch>();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].second.attempt, 3U);
}

TEST_F(GatheringTest, OfWhoDiesMeanwhileOnlyAnInterruptCounts) {
  gather(8);
  answer(1, {});
  answer(2, {});
  answer(3, held(make_interval(0, 8)));
  gathering->on_message(Rank(3), Interrupted{false});
  gathering->on_dead(Rank(3));
  gathering->on_back(Rank(3));
  auto gathered = gathering->finish();
  EXPECT_EQ(gathered.back, (std::vector{Rank(3)}));
  EXPECT_TRUE(gathered.anew.empty());
  EXPECT_EQ(gathered.start.workers, (std::vector{Rank(1), Rank(2)}));
  ASSERT_EQ(gathered.start.messages.size(), 3U);
  EXPECT_TRUE(std::holds_alternative<Interrupted>(gathered.start.messages[2].second));
}

}  // namespace
}  // namespace kiln::protocol
