#include "protocol/coordinator.hpp"

#include "coordinator_fixture.hpp"

namespace kiln::protocol {
namespace {

using namespace std::chrono_literals;

/// Workers die.
class LostTest : public CoordinatorTest {
 protected:
  using CoordinatorTest::dies;
  void dies(int rank) { dies(rank, By::others); }
  void dies_with_its_node(int rank) { coordinator->on_dead(Rank(rank), false, now); }
  /// Units 0 and 1, of which rank 1 has the first one alone; rank 2 has done the other one.
  void begin_with_one_alone(int workers) {
    options.batch = "1";
    begin(2, workers);
    const auto batches = take<Batch>();
    ASSERT_EQ(batches.size(), 2U);
    ASSERT_EQ(batches[0].second.units, single(UnitId(0)));
    hear(batches[1].first, part(batches[1].second, false));
    holder = batches[0].first;
  }
  /// Who has unit 0 dies, and it is handed out again.
  void dies_of_it(By by) {
    ranks.push_back(holder);
    dies(holder, by);
    const auto given = take<Batch>();
    ASSERT_EQ(given.size(), 1U) << ranks.size() << " deaths";
    ASSERT_EQ(given[0].second.units, single(UnitId(0)));
    holder = given[0].first;
  }
  /// Who has it dies, and that is its end.
  void dies_and_blames(By by, const std::string& reason) {
    ranks.push_back(holder);
    dies(holder, by);
    EXPECT_TRUE(take<Batch>().empty());
    EXPECT_EQ(coordinator->counts().failed, 1U);
    ASSERT_NE(port.committing, nullptr);
    ASSERT_EQ(port.committing->dead.size(), 1U);
    EXPECT_EQ(port.committing->dead[0].attempts, ranks.size());
    EXPECT_EQ(port.committing->dead[0].reason, reason);
  }
  static Part failed(const Batch& batch) {
    Part part;
    part.batch = batch.id;
    part.failures.push_back({batch.units.first, FailureKind::failed, "exit code 3", {}});
    part.last = true;
    return part;
  }
  int holder = 0;
  std::vector<int> ranks;  // that died
};

TEST_F(LostTest, WhatADeadWorkerHadInHandIsRunByOthers) {
  begin(8, 2);
  const auto batches = take<Batch>();
  ASSERT_EQ(batches.size(), 2U);
  dies_with_its_node(2);
  EXPECT_EQ(coordinator->counts().in_flight, 4U);
  hear(1, part(batches[0].second, false));
  const auto again = take<Batch>();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].second.units, batches[1].second.units);
  EXPECT_EQ(again[0].second.attempt, 1U) << "not charged";
}

TEST_F(LostTest, WhatItHeldIsOpenAgain) {
  begin(4, 2);
  const auto batches = take<Batch>();
  ASSERT_EQ(batches.size(), 1U);
  hear(batches[0].first, part(batches[0].second, true));
  take<Flush>();
  EXPECT_EQ(coordinator->counts().done, 4U);
  dies(batches[0].first);
  EXPECT_EQ(coordinator->counts().done, 0U);
  EXPECT_EQ(coordinator->counts().lost, 4U);
  EXPECT_EQ(coordinator->held_units(), 0U);
  const auto again = take<Batch>();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_NE(again[0].first, batches[0].first);
}

TEST_F(LostTest, WhatIsInASegmentStays) {
  begin(4, 2);
  const auto batches = take<Batch>();
  hear(batches[0].first, part(batches[0].second, true));
  hear(batches[0].first, segment({batches[0].second.units}, true));
  dies(batches[0].first);
  EXPECT_EQ(coordinator->counts().done, 4U);
  committed();
  EXPECT_EQ(port.finished, Outcome::complete);
}

// Of a batch that may have been begun, any unit may be to blame.
TEST_F(LostTest, SuspectsRunOneAtATimeWhenAllElseIsHandedOut) {
  begin(6, 3);
  const auto batches = take<Batch>();
  ASSERT_EQ(batches.size(), 2U);
  ASSERT_EQ(batches[0].second.units, make_interval(0, 4));
  dies(batches[0].first);
  EXPECT_EQ(coordinator->counts().suspects, 3U);
  auto given = take<Batch>();
  ASSERT_EQ(given.size(), 1U) << "one worker is idle, and one suspect is out";
  EXPECT_EQ(given[0].second.units, make_interval(0, 1));
  hear(batches[1].first, part(batches[1].second, false));
  EXPECT_TRUE(take<Batch>().empty()) << "at most one at a time";
  for (std::uint64_t unit = 1; unit < 4; ++unit) {
    hear(given[0].first, part(given[0].second, false));
    given = take<Batch>();
    ASSERT_EQ(given.size(), 1U);
    EXPECT_EQ(given[0].second.units, make_interval(unit, unit + 1));
  }
  hear(given[0].first, part(given[0].second, false));
  committed();
  EXPECT_EQ(port.finished, Outcome::complete);
}

TEST_F(LostTest, AUnitThatEndsTwoProcessesIsADeadLetter) {
  options.retries = 5;
  begin(4, 4);
  const int first = take<Batch>()[0].first;
  dies(first, By::itself);
  int last = first;
  // The next one while it is looked who has ended the second rank: the others are innocent.
  for (const std::uint64_t unit : {0U, 1U, 0U, 2U, 3U}) {
    const auto given = take<Batch>();
    ASSERT_EQ(given.size(), 1U);
    EXPECT_EQ(given[0].second.units, make_interval(unit, unit + 1));
    if (unit != 0) {
      hear(given[0].first, part(given[0].second, false));
      continue;
    }
    EXPECT_NE(given[0].first, first);
    EXPECT_NE(given[0].first, last);
    last = given[0].first;
    dies(last, By::itself);
  }
  EXPECT_EQ(coordinator->counts().failed, 1U);
  ASSERT_NE(port.committing, nullptr);
  ASSERT_EQ(port.committing->dead.size(), 1U);
  EXPECT_EQ(port.committing->dead[0].attempts, 2U);
  EXPECT_NE(port.committing->dead[0].reason.find("died while they ran nothing but this unit"), std::string::npos);
}

// Who ended a rank decides what its death says of the unit.
TEST_F(LostTest, TwoRanksThatTheirOwnCodeEndedBlameTheUnit) {
  begin_with_one_alone(6);
  dies_of_it(By::itself);
  dies_and_blames(By::itself, "the processes of ranks 1 and 2 died while they ran nothing but this unit");
}

TEST_F(LostTest, OfRanksThatOthersMayHaveEndedItTakesFour) {
  begin_with_one_alone(6);
  for (int deaths = 0; deaths < 3; ++deaths) dies_of_it(By::others);
  dies_and_blames(By::others,
                  "the processes of ranks 1, 2, 3 and 4 died or fell silent while they ran nothing but this unit");
}

TEST_F(LostTest, TwoOfTheOneAndOneOfTheOtherBlameItToo) {
  for (const int own : {0, 1, 2}) {
    port = {};
    ranks.clear();
    begin_with_one_alone(6);
    for (int deaths = 0; deaths < 2; ++deaths) dies_of_it(deaths == own ? By::itself : By::others);
    dies_and_blames(own == 2 ? By::itself : By::others,
                    "the processes of ranks 1, 2 and 3 died or fell silent while they ran nothing but this unit");
  }
}

TEST_F(LostTest, OneThatItsOwnCodeEndedAndOneMoreAreNotEnough) {
  begin_with_one_alone(4);
  dies_of_it(By::others);
  dies_of_it(By::itself);
  hear(holder, part({BatchId(4), single(UnitId(0)), 1, {}}, false));
  EXPECT_EQ(coordinator->counts().done, 2U);
  EXPECT_EQ(coordinator->counts().failed, 0U);
}

// Until then nobody knows whether it is safe to hand the unit out.
TEST_F(LostTest, ASuspectWaitsUntilItIsKnownWhoEndedItsRank) {
  begin_with_one_alone(4);
  coordinator->on_dead(Rank(holder), true, now);
  EXPECT_EQ(std::exchange(port.looks, {}), std::vector{Rank(holder)});
  EXPECT_TRUE(take<Batch>().empty());
  pass(1s);
  EXPECT_TRUE(take<Batch>().empty());
  EXPECT_EQ(coordinator->counts().suspects, 1U);
  coordinator->on_who_ended(Rank(2), {true}, now);
  EXPECT_TRUE(take<Batch>().empty()) << "nobody had asked for that one";
  coordinator->on_who_ended(Rank(holder), {false}, now);
  EXPECT_EQ(take<Batch>().size(), 1U);
  coordinator->on_who_ended(Rank(holder), {true}, now);
  EXPECT_EQ(coordinator->counts().failed, 0U) << "it was answered";
}

TEST_F(LostTest, OthersAreHandedOutMeanwhile) {
  options.batch = "1";
  begin(3, 2);
  const auto batches = take<Batch>();
  coordinator->on_dead(Rank(1), true, now);
  for (const auto& [rank, batch] : batches) {
    if (rank == 2) hear(rank, part(batch, false));
  }
  const auto next = take<Batch>();
  ASSERT_EQ(next.size(), 1U);
  hear(2, part(next[0].second, false));
  EXPECT_TRUE(take<Batch>().empty());
  EXPECT_EQ(coordinator->counts().suspects, 1U);
  coordinator->on_who_ended(Rank(1), {false}, now);
  EXPECT_EQ(take<Batch>().size(), 1U);
}

// It may be back, and die of another unit before it is known who ended it the first time.
TEST_F(LostTest, OfTwoDeathsOfARankTheFirstIsAnsweredFirst) {
  options.batch = "1";
  options.queue.direction = schedule::Direction::descending;
  begin(3, 2);
  const auto batches = take<Batch>();
  ASSERT_EQ(batches.size(), 2U);
  const auto [twice, last] = std::pair(batches[0].first, batches[1].first);
  ASSERT_EQ(batches[0].second.units, single(UnitId(2)));
  coordinator->on_dead(Rank(twice), true, now);
  coordinator->on_back(Rank(twice), now);
  hear(twice, Ready{"node", 1, 0});
  ASSERT_EQ(take<Batch>().at(0).second.units, single(UnitId(0)));
  coordinator->on_dead(Rank(twice), true, now);
  ASSERT_EQ(port.looks.size(), 2U);
  coordinator->on_back(Rank(twice), now);
  hear(twice, Ready{"node", 1, 0});
  coordinator->on_who_ended(Rank(twice), {true}, now);
  auto given = take<Batch>();
  ASSERT_EQ(given.size(), 1U) << "the other one is not known of yet";
  EXPECT_EQ(given[0].second.units, single(UnitId(2)));
  hear(last, part(batches[1].second, false));
  coordinator->on_who_ended(Rank(twice), {false}, now);
  port.looks.clear();
  dies(given[0].first, By::itself);
  EXPECT_EQ(coordinator->counts().failed, 1U);
  given = take<Batch>();
  ASSERT_EQ(given.size(), 1U);
  EXPECT_EQ(given[0].second.units, single(UnitId(0)));
  hear(given[0].first, part(given[0].second, false));
  EXPECT_EQ(coordinator->counts().done, 2U);
}

// It may be back, and die once more: it is named once.
TEST_F(LostTest, ARankThatDiedTwiceIsNamedOnce) {
  options.batch = "1";
  begin(1, 1);
  const auto batches = take<Batch>();
  ASSERT_EQ(batches.size(), 1U);
  dies(1, By::others);
  coordinator->on_back(Rank(1), now);
  hear(1, Ready{"node", 1, 0});
  ASSERT_EQ(take<Batch>().size(), 1U);
  dies(1, By::others);
  coordinator->on_back(Rank(0), now);
  hear(0, Ready{"node", 1, 0});
  EXPECT_TRUE(take<Batch>().empty());
  ASSERT_NE(port.committing, nullptr);
  ASSERT_EQ(port.committing->dead.size(), 1U);
  EXPECT_EQ(port.committing->dead[0].attempts, 2U);
  EXPECT_EQ(port.committing->dead[0].reason,
            "the process of rank 1 died or fell silent while it ran nothing but this unit, and no other rank is left");
}

// Whoever kills ranks as long as two live, costs no unit.
TEST_F(LostTest, TheLastWorkerTriesAUnitThatHasEndedAnother) {
  options.batch = "1";
  begin(2, 2);
  const auto batches = take<Batch>();
  ASSERT_EQ(batches.size(), 2U);
  dies(batches[0].first);
  hear(batches[1].first, part(batches[1].second, false));
  const auto given = take<Batch>();
  ASSERT_EQ(given.size(), 1U);
  EXPECT_EQ(given[0].second.units, batches[0].second.units);
  hear(given[0].first, part(given[0].second, false));
  EXPECT_EQ(coordinator->counts().done, 2U);
  EXPECT_EQ(coordinator->counts().failed, 0U);
}

TEST_F(LostTest, ASuspectThatFailsByItselfIsRetriedAsOthersAre) {
  options.retries = 1;
  options.backoff = 0s;
  begin(2, 2);
  const auto batches = take<Batch>();
  dies(batches[0].first);
  const auto suspect = take<Batch>();
  ASSERT_EQ(suspect.size(), 1U);
  hear(suspect[0].first, failed(suspect[0].second));
  pass(1s);
  const auto again = take<Batch>();
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].second.attempt, 2U);
}

TEST_F(LostTest, AnAnswerThatNeverComesHoldsNobodyUp) {
  begin(8, 2);
  auto batches = take<Batch>();
  hear(1, part(batches[0].second, true));
  hear(2, part(batches[1].second, true));
  ASSERT_EQ(take<Flush>().size(), 2U);
  hear(1, segment({batches[0].second.units}, true));
  dies(2);
  batches = take<Batch>();
  ASSERT_EQ(batches.size(), 1U);
  hear(1, part(batches[0].second, false));
  if (port.committing != nullptr) committed();
  if (port.committing != nullptr) committed();
  EXPECT_EQ(port.finished, Outcome::complete);
}

TEST_F(LostTest, AJoinIsGivenUpAndAnotherBeginsWhereThereIsACommunicator) {
  for (const bool has : {false, true}) {
    port = {};
    options.join_counts = 1;
    begin(8, 3);
    const auto all_join = [&] {
      for (auto& [rank, batch] : take<Batch>()) {
        Part held = part(batch, true);
        held.joinable = true;
        hear(rank, std::move(held));
      }
    };
    const auto batches = take<Batch>();
    ASSERT_EQ(batches.size(), 2U);
    for (const auto& [rank, batch] : batches) port.sent.emplace_back(Rank(rank), batch);
    all_join();
    ASSERT_EQ(port.joins, 1);
    take<Join>();
    port.joining = has ? RecordingPort::CanJoin::yes : RecordingPort::CanJoin::no;
    dies(batches[0].first);
    EXPECT_EQ(port.joins_left, 1);
    const auto over = take<JoinOver>();
    ASSERT_EQ(over.size(), 2U);
    EXPECT_TRUE(over[0].second.keep);
    EXPECT_EQ(coordinator->counts().done, 4U) << "what the others gave, they hold";
    EXPECT_TRUE(take<Join>().empty()) << "units are missing";
    all_join();
    EXPECT_EQ(take<Join>().size(), has ? 2U : 0U);
    EXPECT_EQ(take<Flush>().empty(), has);
  }
}

TEST_F(LostTest, WhoComesBackBeginsAnew) {
  begin(8, 2);
  const auto batches = take<Batch>();
  dies_with_its_node(2);
  coordinator->on_back(Rank(2), now);
  EXPECT_TRUE(take<Batch>().empty()) << "not before it is ready";
  hear(2, Ready{"node", 1, 0});
  const auto again = take<Batch>();
  ASSERT_EQ(again.size(), 1U);
  hear(2, part(batches[1].second, false));
  EXPECT_EQ(coordinator->counts().dropped, 1U) << "its old batch is nobody's";
}

}  // namespace
}  // namespace kiln::protocol
