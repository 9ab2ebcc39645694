#include "protocol/coordinator.hpp"

#include "coordinator_fixture.hpp"

namespace kiln::protocol {
namespace {

/// Only the coordinator's rank is left to work.
class LastRankTest : public CoordinatorTest {};

TEST_F(LastRankTest, WithoutWorkersTheCoordinatorsRankIsAsked) {
  begin(4, 1);
  take<Batch>();
  coordinator->on_dead(Rank(1), false, now);
  EXPECT_EQ(port.alone, 1);
  coordinator->on_back(Rank(0), now);
  EXPECT_EQ(take<protocol::Setup>().size(), 2U);
  hear(0, Ready{"node", 1, 0});
  const auto batches = take<Batch>();
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_EQ(batches[0].second.units, make_interval(0, 4));
}

TEST_F(LastRankTest, TheCoordinatorsRankIsNotRiskedForAUnitThatHasEndedAnother) {
  options.batch = "1";
  begin(2, 1);
  const auto batches = take<Batch>();
  ASSERT_FALSE(batches.empty());
  dies(batches[0].first, By::others);
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

TEST_F(LastRankTest, ItRunsWhatOthersDiedBesideAsSoonAsTheUnitThatEndedThemIsADeadLetter) {
  options.batch = "3";
  begin(3, 2);
  const auto batches = take<Batch>();
  ASSERT_EQ(batches.size(), 1U);
  dies(batches[0].first, By::itself);
  const auto suspect = take<Batch>();
  ASSERT_EQ(suspect.size(), 1U);
  ASSERT_EQ(suspect[0].second.units, single(UnitId(0)));
  coordinator->on_dead(Rank(suspect[0].first), true, now);
  ASSERT_EQ(port.alone, 1);
  coordinator->on_back(Rank(0), now);
  hear(0, Ready{"node", 1, 0});
  coordinator->on_who_ended(Rank(suspect[0].first), {true}, now);
  for (const std::uint64_t unit : {1U, 2U}) {
    const auto given = take<Batch>();
    ASSERT_EQ(given.size(), 1U) << unit;
    EXPECT_EQ(given[0].second.units, single(UnitId(unit)));
    hear(0, part(given[0].second, unit == 2));
  }
  EXPECT_EQ(coordinator->counts().failed, 1U);
  EXPECT_EQ(coordinator->counts().done, 2U);
}

/// Ranks have died of units in an earlier launch.
class SuspectsAtBegin : public CoordinatorTest {};

TEST_F(SuspectsAtBegin, OneIsHandedOutAloneAndLastAndIsADeadLetterWhenItEndsAnother) {
  options.batch = "4";
  CoordinatorStart start;
  start.suspects = {{UnitId(1), {Rank(0)}}, {UnitId(9), {Rank(0)}}};
  begin(4, 1, std::move(start));
  auto given = take<Batch>();
  ASSERT_EQ(given.size(), 1U);
  EXPECT_EQ(given[0].second.units, single(UnitId(0)));
  hear(1, part(given[0].second, false));
  given = take<Batch>();
  ASSERT_EQ(given.size(), 1U);
  EXPECT_EQ(given[0].second.units, make_interval(2, 4));
  hear(1, part(given[0].second, false));
  given = take<Batch>();
  ASSERT_EQ(given.size(), 1U);
  EXPECT_EQ(given[0].second.units, single(UnitId(1)));
  dies(1, By::itself);
  EXPECT_EQ(coordinator->counts().failed, 1U);
  EXPECT_EQ(coordinator->counts().done, 3U);
}

TEST_F(SuspectsAtBegin, OneThatRunsWellIsDone) {
  CoordinatorStart start;
  start.suspects = {{UnitId(0), {Rank(0)}}};
  begin(1, 1, std::move(start));
  const auto given = take<Batch>();
  ASSERT_EQ(given.size(), 1U);
  hear(1, part(given[0].second, false));
  EXPECT_EQ(coordinator->counts().done, 1U);
}

TEST_F(SuspectsAtBegin, OneThatHasEndedTwoIsADeadLetterAtOnce) {
  CoordinatorStart start;
  start.suspects = {{UnitId(1), {Rank(0), Rank(2)}}};
  start.done = schedule::IntervalSet(single(UnitId(0)));
  begin(2, 1, std::move(start));
  EXPECT_TRUE(take<Batch>().empty());
  EXPECT_EQ(coordinator->counts().failed, 1U);
}

TEST_F(SuspectsAtBegin, OneOfAStageThatWaitsIsNone) {
  options.stages = {{schedule::IntervalSet(make_interval(0, 1)), {}},
                    {schedule::IntervalSet(make_interval(1, 2)), {0}}};
  CoordinatorStart start;
  start.suspects = {{UnitId(1), {Rank(0)}}};
  begin(2, 1, std::move(start));
  const auto given = take<Batch>();
  ASSERT_EQ(given.size(), 1U);
  EXPECT_EQ(given[0].second.units, single(UnitId(0)));
  EXPECT_EQ(coordinator->counts().gated, 1U);
  EXPECT_EQ(coordinator->counts().suspects, 0U);
}

TEST_F(SuspectsAtBegin, OneThatIsGoneOrMayHaveBegunIsNone) {
  options.no_rerun_lost = true;
  CoordinatorStart start;
  start.suspects = {{UnitId(0), {Rank(0)}}, {UnitId(1), {Rank(0)}}};
  start.removed = schedule::IntervalSet(single(UnitId(0)));
  start.given = schedule::IntervalSet(single(UnitId(1)));
  begin(2, 1, std::move(start));
  EXPECT_TRUE(take<Batch>().empty());
  EXPECT_EQ(coordinator->counts().failed, 1U) << "lost";
}

}  // namespace
}  // namespace kiln::protocol
