#include "protocol/membership.hpp"

#include <gtest/gtest.h>

namespace kiln::protocol {
namespace {

using namespace std::chrono_literals;

class MembershipTest : public testing::Test {
 protected:
  MembershipTest() { members.begin(now); }
  /// Time passes with a loop that looks as often as it should; who is heard meanwhile.
  std::vector<Rank> pass(Duration time, const std::vector<Rank>& heard) {
    std::vector<Rank> dead;
    for (const Instant end = now + time; now < end;) {
      now += 500ms;
      for (const Rank rank : heard) members.heard(rank, members.view(rank), now);
      for (const auto& death : members.on_tick(now)) {
        dead.push_back(death.rank);
        deaths.push_back(death);
      }
    }
    return dead;
  }

  Instant now{};
  Membership members{{Rank(1), Rank(2), Rank(3)}, 5s};
  std::vector<Membership::Death> deaths;
};

TEST_F(MembershipTest, WhoIsSilentForTheDeadlineIsDead) {
  EXPECT_TRUE(pass(4500ms, {Rank(1), Rank(2)}).empty());
  EXPECT_EQ(pass(500ms, {Rank(1), Rank(2)}), std::vector{Rank(3)});
  EXPECT_FALSE(members.lives(Rank(3)));
  EXPECT_EQ(members.living(), 2U);
  EXPECT_TRUE(pass(10s, {Rank(1), Rank(2)}).empty()) << "nobody dies twice";
}

// Whenever it was heard last: to look every eighth of the deadline alone would add up to that much.
TEST_F(MembershipTest, ASilentRankIsDeadWhenTheDeadlineIsOver) {
  for (const Duration last : {1ms, 100ms, 624ms, 626ms, 1700ms, 2400ms, 4999ms}) {
    members = Membership({Rank(1), Rank(2), Rank(3)}, 5s);
    const Instant begun = now;
    members.begin(now);
    bool heard = false;
    std::vector<Membership::Death> dead;
    for (int looks = 0; dead.empty() && looks < 100; ++looks) {
      ASSERT_TRUE(members.next_wake());
      ASSERT_GT(*members.next_wake(), now) << "it would spin";
      if (!heard && *members.next_wake() > begun + last) {
        members.heard(Rank(3), View(1), begun + last);
        heard = true;
      }
      now = *members.next_wake();
      for (const Rank rank : {Rank(1), Rank(2)}) members.heard(rank, View(1), now);
      dead = members.on_tick(now);
    }
    ASSERT_EQ(dead.size(), 1U);
    EXPECT_EQ(dead[0].rank, Rank(3));
    EXPECT_EQ(dead[0].silence, 5s);
    EXPECT_EQ(now, begun + last + 5s);
  }
}

TEST_F(MembershipTest, WhileAllAreHeardItLooksEveryEighthOfTheDeadline) {
  for (int looks = 0; looks < 100; ++looks) {
    if (looks % 2 == 0) {
      for (const Rank rank : {Rank(1), Rank(2), Rank(3)}) members.heard(rank, View(1), now);
    }
    ASSERT_EQ(members.next_wake(), now + 625ms);
    now = *members.next_wake();
    EXPECT_TRUE(members.on_tick(now).empty());
  }
}

TEST_F(MembershipTest, AStoppedRankForgivesTheOthersThatTime) {
  pass(1s, {Rank(1), Rank(2), Rank(3)});
  now += 60s;
  EXPECT_TRUE(members.on_tick(now).empty());
  EXPECT_TRUE(pass(4500ms, {}).empty());
  EXPECT_EQ(pass(1s, {}).size(), 3U) << "but not what is silent from then on";
}

// The moment at which a rank would have been dead came while nobody looked.
TEST_F(MembershipTest, APauseIsForgivenAlsoToWhoWasAboutToBeDead) {
  pass(4500ms, {Rank(1), Rank(2)});
  EXPECT_EQ(members.next_wake(), now + 500ms);
  now += 60s;
  EXPECT_TRUE(members.on_tick(now).empty());
  EXPECT_EQ(members.next_wake(), now + 500ms);
  now += 500ms;
  EXPECT_EQ(members.on_tick(now).size(), 1U);
}

TEST_F(MembershipTest, WhoWasDeadBeforeIsTakenUpWhenItIsHeard) {
  members.lost_before(Rank(2));
  EXPECT_FALSE(members.lives(Rank(2)));
  EXPECT_EQ(members.living(), 2U);
  EXPECT_TRUE(pass(10s, {Rank(1), Rank(3)}).empty()) << "its death is no news";
  EXPECT_EQ(members.heard(Rank(2), View(1), now), Membership::Heard::returned);
  EXPECT_EQ(members.view(Rank(2)), View(2));
  EXPECT_EQ(members.living(), 3U);
}

TEST_F(MembershipTest, WhatWasSentBeforeARankWasTakenUpAnewIsOld) {
  members.take_up_anew(Rank(2));
  EXPECT_EQ(members.heard(Rank(2), View(1), now), Membership::Heard::old);
  EXPECT_EQ(members.heard(Rank(2), members.view(Rank(2)), now), Membership::Heard::counts);
  EXPECT_EQ(members.view(Rank(3)), View(1));
}

TEST_F(MembershipTest, WhoHasEndedIsDeadAtOnce) {
  members.gone(Rank(2));
  ASSERT_TRUE(members.next_wake());
  EXPECT_LE(*members.next_wake(), now);
  EXPECT_EQ(pass(500ms, {Rank(1), Rank(3)}), std::vector{Rank(2)});
  EXPECT_EQ(members.heard(Rank(2), View(1), now), Membership::Heard::old) << "the last that its process sent";
  EXPECT_FALSE(members.lives(Rank(2)));
}

// They may have given this rank up and left.
TEST_F(MembershipTest, WhoEndsSoonAfterThisRankStoodStillDidNotDieAlone) {
  now += 6s;
  members.gone(Rank(1));
  pass(500ms, {Rank(2), Rank(3)});
  members.gone(Rank(2));
  pass(500ms, {Rank(3)});
  ASSERT_EQ(deaths.size(), 2U);
  EXPECT_FALSE(deaths[0].alone);
  EXPECT_FALSE(deaths[1].alone);
  pass(20s, {Rank(3)});
  members.gone(Rank(3));
  pass(500ms, {});
  ASSERT_EQ(deaths.size(), 3U);
  EXPECT_TRUE(deaths[2].alone);
}

TEST_F(MembershipTest, WhoIsHeardAgainIsTakenUpUnderANewView) {
  pass(5s, {Rank(1), Rank(2)});
  EXPECT_EQ(members.heard(Rank(3), View(1), now), Membership::Heard::returned);
  EXPECT_TRUE(members.lives(Rank(3)));
  EXPECT_EQ(members.view(Rank(3)), View(2));
  EXPECT_EQ(members.heard(Rank(3), View(1), now), Membership::Heard::old) << "sent before";
  EXPECT_EQ(members.heard(Rank(3), View(2), now), Membership::Heard::counts);
  EXPECT_EQ(members.heard(Rank(1), View(1), now), Membership::Heard::counts) << "the others are as they were";
}

TEST_F(MembershipTest, AHostThatIsLostIsNotARankThatDiedAlone) {
  members.set_host(Rank(1), "a");
  members.set_host(Rank(2), "b");
  members.set_host(Rank(3), "b");
  pass(500ms, {Rank(1), Rank(2)});
  pass(4500ms, {Rank(1)});
  ASSERT_EQ(deaths.size(), 1U);
  EXPECT_EQ(deaths[0].rank, Rank(3));
  EXPECT_FALSE(deaths[0].alone) << "rank 2 beside it was silent too";
  pass(10s, {});
  EXPECT_TRUE(deaths.back().alone) << "rank 1 had its host for itself";
}

// Else a unit that ends processes would never be found on one host.
TEST_F(MembershipTest, OneDeathAfterAnotherOnAHostAreDeathsAlone) {
  for (int rank = 1; rank <= 3; ++rank) members.set_host(Rank(rank), "a");
  members.gone(Rank(1));
  pass(500ms, {Rank(2), Rank(3)});
  members.gone(Rank(2));
  pass(500ms, {Rank(3)});
  pass(10s, {});
  ASSERT_EQ(deaths.size(), 3U);
  for (const auto& death : deaths) EXPECT_TRUE(death.alone) << death.rank.value();
}

TEST_F(MembershipTest, WhoFellSilentLongBeforeIsAnotherDeath) {
  for (int rank = 1; rank <= 3; ++rank) members.set_host(Rank(rank), "a");
  pass(6s, {Rank(1), Rank(2)});
  pass(6s, {Rank(1)});
  ASSERT_EQ(deaths.size(), 2U);
  EXPECT_TRUE(deaths[1].alone);
}

TEST_F(MembershipTest, BeatsGoToWhomNothingElseWasSent) {
  now += 1s;
  members.sent(Rank(1), now);
  now += 250ms;
  EXPECT_EQ(members.beats_due(now), (std::vector{Rank(2), Rank(3)}));
  EXPECT_TRUE(members.beats_due(now).empty());
  now += 1s;
  EXPECT_EQ(members.beats_due(now), std::vector{Rank(1)});
}

TEST(Membership, WithoutADeadlineNobodyDiesOfSilence) {
  Membership members({Rank(1)}, Duration::zero());
  members.begin({});
  EXPECT_FALSE(members.next_wake());
  EXPECT_TRUE(members.on_tick(Instant{} + 1h).empty());
  EXPECT_TRUE(members.beats_due(Instant{} + 1h).empty());
  members.gone(Rank(1));
  EXPECT_EQ(members.on_tick(Instant{} + 1h).size(), 1U);
}

}  // namespace
}  // namespace kiln::protocol
