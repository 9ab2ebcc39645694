#include "protocol/coordinator.hpp"

#include "coordinator_fixture.hpp"

namespace kiln::protocol {
namespace {

using namespace std::chrono_literals;

/// Workers die.
class LostTest : public CoordinatorTest {
 protected:
  void dies(int rank, bool alone = true) { coordinator->on_dead(Rank(rank), alone, now); }
  static Part failed(const Batch& batch) {
    Part part;
    part.batch = batch.id;
    part.failures.push_back({batch.units.first, FailureKind::failed, "exit code 3", {}});
    part.last = true;
    return part;
  }
};

TEST_F(LostTest, WhatADeadWorkerHadInHandIsRunByOthers) {
  begin(8, 2);
  const auto batches = take<Batch>();
  ASSERT_EQ(batches.size(), 2U);
  dies(2, false);
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
  int rank = take<Batch>()[0].first;
  dies(rank);
  for (int deaths = 0; deaths < 2; ++deaths) {
    const auto given = take<Batch>();
    ASSERT_EQ(given.size(), 1U);
    EXPECT_EQ(given[0].second.units, make_interval(0, 1));
    EXPECT_NE(given[0].first, rank);
    rank = given[0].first;
    dies(rank);
  }
  EXPECT_EQ(coordinator->counts().failed, 1U);
  auto given = take<Batch>();
  for (std::uint64_t unit = 1; unit < 4; ++unit) {
    ASSERT_EQ(given.size(), 1U);
    EXPECT_EQ(given[0].second.units, make_interval(unit, unit + 1)) << "the others are innocent";
    hear(given[0].first, part(given[0].second, false));
    given = take<Batch>();
  }
  ASSERT_NE(port.committing, nullptr);
  ASSERT_EQ(port.committing->dead.size(), 1U);
  EXPECT_EQ(port.committing->dead[0].attempts, 2U);
  EXPECT_NE(port.committing->dead[0].reason.find("died while it ran nothing but this unit"), std::string::npos);
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

TEST_F(LostTest, TheCoordinatorsRankIsNotRiskedForAUnitThatHasEndedAnother) {
  options.batch = "1";
  begin(2, 1);
  const auto batches = take<Batch>();
  ASSERT_FALSE(batches.empty());
  dies(batches[0].first);
  ASSERT_EQ(port.alone, 1);
  coordinator->on_back(Rank(0), now);
  hear(0, Ready{"node", 1, 0});
  const auto given = take<Batch>();
  ASSERT_EQ(given.size(), 1U);
  EXPECT_EQ(given[0].second.units, make_interval(1, 2));
  hear(0, part(given[0].second, false));
  EXPECT_EQ(coordinator->counts().failed, 1U);
  EXPECT_EQ(coordinator->counts().done, 1U);
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

TEST_F(LostTest, WithoutWorkersTheCoordinatorsRankIsAsked) {
  begin(4, 1);
  take<Batch>();
  dies(1, false);
  EXPECT_EQ(port.alone, 1);
  coordinator->on_back(Rank(0), now);
  EXPECT_EQ(take<protocol::Setup>().size(), 2U);
  hear(0, Ready{"node", 1, 0});
  const auto batches = take<Batch>();
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_EQ(batches[0].second.units, make_interval(0, 4));
}

TEST_F(LostTest, WhoComesBackBeginsAnew) {
  begin(8, 2);
  const auto batches = take<Batch>();
  dies(2, false);
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
