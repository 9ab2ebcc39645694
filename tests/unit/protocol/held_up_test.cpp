#include "coordinator_fixture.hpp"

namespace kiln::protocol {
namespace {

using std::chrono::seconds;

/// Rank 1 has given up a unit and is in it for ever; rank 2 has done all else but one unit.
class HeldUpTest : public CoordinatorTest {
 protected:
  HeldUpTest() {
    options.batch = "1";
    options.held_up_patience = seconds(30);
  }
  void begin_held_up() {
    begin(3, 2);
    const auto batches = take<Batch>();
    ASSERT_EQ(batches.size(), 2U);
    hear(1, GivenUp{{{batches[0].second.id, batches[0].second.units, true}}, true});
    hear(2, part(batches[1].second, false));
    rest = take<Batch>();
    ASSERT_EQ(rest.size(), 1U);
    ASSERT_EQ(rest[0].first, 2);
  }
  void commit_all() {
    while (port.committing) committed();
  }
  void begin_held_up_stage() {
    CoordinatorStart start;
    start.units = 1;
    start.workers = {Rank(1), Rank(2)};
    start.held_up = {Rank(1)};
    begin(std::move(start));
  }

  std::vector<std::pair<int, Batch>> rest;
};

TEST_F(HeldUpTest, NobodyIsHeldUpWhileOneWorks) {
  begin_held_up();
  pass(seconds(1000));
  commit_all();
  EXPECT_FALSE(port.finished);
}

TEST_F(HeldUpTest, TheLaunchEndsWhereNobodyCanWork) {
  begin_held_up();
  coordinator->on_dead(Rank(2), false, now);
  EXPECT_EQ(coordinator->next_wake(now), now + seconds(30));
  pass(seconds(29));
  EXPECT_FALSE(port.finished);
  pass(seconds(1));
  commit_all();
  EXPECT_EQ(port.finished, Outcome::held_up);
}

TEST_F(HeldUpTest, ItEndsAtOnceWhereUnitsGetNoGrace) {
  options.grace = Duration::zero();
  begin_held_up();
  hear(2, part(rest[0].second, true));
  coordinator->on_dead(Rank(2), false, now);
  pass(seconds(30));
  const auto wake = coordinator->next_wake(now);
  EXPECT_TRUE(!wake || *wake > now) << "it would spin until the commit ends";
  commit_all();
  EXPECT_EQ(port.finished, Outcome::held_up);
}

// What a rank may have died of is not for the coordinator's own one while another lives; but that one never comes back.
TEST_F(HeldUpTest, NorDoesTheCoordinatorsOwnRankWorkOnASuspect) {
  CoordinatorStart start;
  start.units = 1;
  start.workers = {Rank(0), Rank(1), Rank(2)};
  start.held_up = {Rank(1)};
  begin(std::move(start));
  hear(2, Ready{"node", 1, 0});
  ASSERT_EQ(take<Batch>().size(), 1U);
  hear(0, Ready{"node", 1, 0});
  dies(2, By::others);
  EXPECT_TRUE(take<Batch>().empty());
  EXPECT_EQ(coordinator->counts().suspects, 1U);
  pass(seconds(29));
  EXPECT_FALSE(port.finished);
  pass(seconds(1));
  EXPECT_EQ(port.finished, Outcome::held_up);
}

TEST_F(HeldUpTest, WhoEndsWhatHeWasToLeaveGoesOn) {
  begin_held_up();
  coordinator->on_dead(Rank(2), false, now);
  pass(seconds(29));
  hear(1, Ended{BatchId(1), false});
  EXPECT_EQ(take<Batch>().size(), 1U);
  pass(seconds(1000));
  EXPECT_FALSE(port.finished);
}

TEST_F(HeldUpTest, WhoComesBackMayNeedLongToGetReady) {
  begin_held_up();
  coordinator->on_dead(Rank(2), false, now);
  coordinator->on_back(Rank(2), now);
  pass(seconds(20 * 30 - 1));
  EXPECT_FALSE(port.finished);
  hear(2, Ready{"node", 1, 0});
  EXPECT_EQ(take<Batch>().size(), 1U);
  coordinator->on_dead(Rank(2), false, now);
  coordinator->on_back(Rank(2), now);
  pass(seconds(20 * 30));
  commit_all();
  EXPECT_EQ(port.finished, Outcome::held_up);
}

TEST_F(HeldUpTest, AUnitOfTheStageBeforeHoldsUpTheNext) {
  begin_held_up_stage();
  pass(seconds(1000));
  EXPECT_FALSE(port.finished) << "the other one gets ready";
  coordinator->on_dead(Rank(2), false, now);
  pass(seconds(30));
  EXPECT_EQ(port.finished, Outcome::held_up);
}

TEST_F(HeldUpTest, AWorkerThatGetsReadyIsNotHeldUp) {
  begin_held_up_stage();
  coordinator->on_dead(Rank(2), false, now);
  hear(1, Ready{"node", 1, 0});
  EXPECT_EQ(take<Batch>().size(), 1U);
  pass(seconds(1000));
  EXPECT_FALSE(port.finished);
}

}  // namespace
}  // namespace kiln::protocol
