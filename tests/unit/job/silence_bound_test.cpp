#include "job/silence_bound.hpp"

#include <gtest/gtest.h>

#include <string>

namespace kiln::job {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration kLimit = seconds(120);

// A launcher that looks twice a second.
class SilenceBoundTest : public testing::Test {
 protected:
  // Until so much time has passed, or the bound has.
  void watch(Duration time) {
    for (const Instant until = now_ + time; now_ < until && !bound_.passed();) {
      now_ += milliseconds(500);
      look();
    }
  }
  void look() {
    const SilenceBound::Sights sights{[this] { return ++asked_, files_; }, [this] { return stopped_; }};
    bound_.look(beat_, sights, now_);
  }

  SilenceBound bound_{kLimit};
  Instant now_{seconds(1000)};
  std::string beat_ = "1", files_ = "some";
  bool stopped_ = false;
  int asked_ = 0;
};

TEST_F(SilenceBoundTest, OneThatHasFallenSilentIsGivenUp) {
  look();
  watch(kLimit - seconds(1));
  EXPECT_FALSE(bound_.passed());
  watch(seconds(2));
  EXPECT_TRUE(bound_.passed());
  EXPECT_EQ(bound_.silence(), kLimit);
  EXPECT_LT(asked_, 12) << "to look at all files costs";
}

TEST_F(SilenceBoundTest, BeatsAreLife) {
  for (int i = 0; i < 100; ++i) {
    beat_ = std::to_string(i);
    watch(seconds(100));
  }
  EXPECT_FALSE(bound_.passed());
  watch(kLimit);
  EXPECT_TRUE(bound_.passed());
}

TEST_F(SilenceBoundTest, SoAreFilesThatChange) {
  look();
  for (int i = 0; i < 100; ++i) {
    files_ += "more";
    watch(seconds(100));
  }
  EXPECT_FALSE(bound_.passed());
  watch(2 * kLimit);
  EXPECT_TRUE(bound_.passed());
}

TEST_F(SilenceBoundTest, WhatHasNotBegunIsNotSilent) {
  beat_.clear();
  watch(minutes(60));
  EXPECT_FALSE(bound_.passed());
  EXPECT_EQ(asked_, 0);
}

TEST_F(SilenceBoundTest, WhatCannotBeSeenAnyMoreIsNotSilent) {
  look();
  watch(seconds(100));
  beat_.clear();
  watch(minutes(60));
  EXPECT_FALSE(bound_.passed());
}

TEST_F(SilenceBoundTest, StoppedRanksAreSilentByAWish) {
  look();
  stopped_ = true;
  watch(minutes(60));
  EXPECT_FALSE(bound_.passed());
  stopped_ = false;
  watch(seconds(100));
  EXPECT_FALSE(bound_.passed()) << "they have time to come to themselves";
  watch(seconds(20));
  EXPECT_TRUE(bound_.passed());
}

TEST_F(SilenceBoundTest, APauseOfTheLauncherIsNoSilence) {
  look();
  watch(seconds(60));
  for (int i = 0; i < 100; ++i) {
    now_ += minutes(10);
    look();
  }
  EXPECT_FALSE(bound_.passed());
  watch(seconds(59));
  EXPECT_FALSE(bound_.passed());
  watch(seconds(1));
  EXPECT_TRUE(bound_.passed());
}

TEST(SilenceLimit, FollowsTheHeartbeat) {
  EXPECT_EQ(SilenceBound::limit_for(seconds(1)), seconds(120));
  EXPECT_EQ(SilenceBound::limit_for(seconds(60)), minutes(20));
  EXPECT_EQ(SilenceBound::limit_for(Duration::zero()), Duration::zero());
  SilenceBound never{Duration::zero()};
  const SilenceBound::Sights none{[] { return std::string(); }, [] { return false; }};
  for (int i = 0; i < 1000; ++i) never.look("1", none, Instant(seconds(i)));
  EXPECT_FALSE(never.passed());
}

}  // namespace
}  // namespace kiln::job
