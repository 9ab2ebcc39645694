#include "coordinator_fixture.hpp"

namespace kiln::protocol {
namespace {

using std::chrono::seconds;

/// Twenty units, two workers, a limit after 100 s.
class TimeLimitTest : public CoordinatorTest {
 protected:
  TimeLimitTest() {
    options.batch = "1";
    options.time_limit = {now + seconds(100), std::nullopt};
    options.grace = seconds(10);
  }
  static Part took(const Batch& batch, double busy) {
    Part part = CoordinatorTest::part(batch, false);
    part.busy_seconds = busy;
    return part;
  }
  // All that are out end after so long.
  std::size_t turn(double busy) {
    const auto batches = take<Batch>();
    pass(from_seconds(busy));
    for (const auto& [rank, batch] : batches) hear(rank, took(batch, busy));
    return batches.size();
  }
};

TEST_F(TimeLimitTest, WhatDoesNotFitIsNotHandedOut) {
  begin(20, 2);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(turn(30), 2U);
  // 10 s are left: nobody works, so this is the end.
  EXPECT_EQ(take<Batch>().size(), 0U);
  EXPECT_TRUE(coordinator->draining());
  EXPECT_TRUE(coordinator->stopped_in_time());
  while (port.committing) committed();
  EXPECT_EQ(port.finished, Outcome::interrupted);
  EXPECT_EQ(coordinator->counts().done, 6U);
}

TEST_F(TimeLimitTest, AtTheLimitWhatRunsHasItsGrace) {
  begin(20, 2);
  ASSERT_EQ(take<Batch>().size(), 2U);
  EXPECT_EQ(coordinator->next_wake(now), now + seconds(100));
  pass(seconds(100));
  EXPECT_EQ(take<TakeBack>().size(), 2U);
  EXPECT_TRUE(take<Cancel>().empty());
  pass(seconds(10));
  EXPECT_EQ(take<Cancel>().size(), 2U);
}

TEST_F(TimeLimitTest, ARunThatEndsForItsFailuresHearsOfTheLimit) {
  options.max_failures = 1;
  begin(20, 2);
  const auto batches = take<Batch>();
  ASSERT_EQ(batches.size(), 2U);
  Part bad;
  bad.batch = batches[0].second.id;
  bad.failures = {{batches[0].second.units.first, FailureKind::failed, "exit code 3", {}}};
  bad.last = true;
  hear(1, std::move(bad));
  EXPECT_TRUE(coordinator->draining());
  const Instant limit = now + seconds(100);
  pass(options.checkpoint_every);
  committed();
  EXPECT_EQ(coordinator->next_wake(now), limit) << "the other unit is waited for until then";
  pass(limit - now);
  pass(seconds(10));
  EXPECT_EQ(take<Cancel>().size(), 1U);
}

TEST_F(TimeLimitTest, NothingIsBegunBehindTheLimit) {
  now += seconds(200);
  begin(20, 2);
  EXPECT_EQ(take<Batch>().size(), 0U);
  EXPECT_EQ(port.finished, Outcome::interrupted);
}

TEST_F(TimeLimitTest, ARunThatIsDoneIsComplete) {
  begin(2, 2);
  EXPECT_EQ(turn(99), 2U);
  committed();
  EXPECT_EQ(port.finished, Outcome::complete);
  EXPECT_FALSE(coordinator->stopped_in_time());
}

TEST_F(TimeLimitTest, BatchesGetShorterNearIt) {
  options.batch = "8";
  begin(40, 1);
  auto batches = take<Batch>();
  ASSERT_EQ(batches.size(), 1U);
  pass(seconds(40));
  hear(1, took(batches[0].second, 40));  // 5 s each
  batches = take<Batch>();
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_EQ(batches[0].second.units.size(), 8U);
  pass(seconds(40));
  hear(1, took(batches[0].second, 40));
  batches = take<Batch>();
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_LE(batches[0].second.units.size(), 4U);
}

TEST_F(TimeLimitTest, NeitherRetriesNorUnitsThatBeginOnceAreHandedOut) {
  options.no_rerun_lost = true;
  begin(20, 2);
  for (int i = 0; i < 20 && !port.giving.empty(); ++i) {
    port.giving.clear();
    coordinator->on_given(now);
    EXPECT_TRUE(now < Instant() + seconds(70) || port.sent.empty());  // no batch is among it
    turn(30);
    port.sent.clear();
  }
  EXPECT_TRUE(port.giving.empty());
  EXPECT_TRUE(coordinator->stopped_in_time());
}

TEST_F(TimeLimitTest, ADrainForFailuresIsCutShort) {
  options.max_failures = 1;
  begin(20, 2);
  const auto batches = take<Batch>();
  Part failed;
  failed.batch = batches[0].second.id;
  failed.failures = {{batches[0].second.units.first, FailureKind::failed, "exit code 3", {}}};
  failed.last = true;
  hear(batches[0].first, failed);
  EXPECT_TRUE(coordinator->draining());
  pass(seconds(100));
  pass(seconds(10));
  EXPECT_EQ(take<Cancel>().size(), 1U);
}

}  // namespace
}  // namespace kiln::protocol
