#include "protocol/regrouping.hpp"

#include <gtest/gtest.h>

#include "protocol/succession.hpp"

namespace kiln::protocol {
namespace {

using namespace std::chrono_literals;
using Step = Grouped::Step;

constexpr Duration kPatience = 1s;
constexpr std::uint64_t kFirst = 3 * Regrouping::kMostInAReign + 1;  // of epoch 3

/// Rank 2 coordinates; 1, 4 and 5 live beside it.
class RegroupingTest : public testing::Test, public RegroupingPort {
 protected:
  RegroupingTest() { groups.living({Rank(1), Rank(4), Rank(5)}); }

  void send(Rank to, const Message& message) override {
    if (const auto* group = std::get_if<Group>(&message)) {
      told.push_back(to);
      EXPECT_EQ(group->number, groups.number());
      EXPECT_EQ(ranks_of(group->members), members);
    } else {
      EXPECT_EQ(std::get<MakeGroup>(message).number, groups.number());
      to_make.push_back(to);
    }
  }
  void make(const Group& group) override {
    EXPECT_EQ(ranks_of(group.members), members);
    made_here.push_back(group.number);
  }
  void says(std::int32_t rank, Step step, std::uint64_t number) { groups.on_message(Rank(rank), {number, step}, now); }
  void all_say(Step step, std::initializer_list<std::int32_t> ranks = {1, 4, 5}) {
    for (const std::int32_t rank : ranks) says(rank, step, groups.number());
  }

  Instant now{};
  std::vector<Rank> members{Rank(1), Rank(2), Rank(4), Rank(5)};
  Regrouping groups{Rank(2), Epoch(3), kPatience, *this};
  std::vector<Rank> told, to_make;
  std::vector<std::uint64_t> made_here;
};

TEST_F(RegroupingTest, IsMadeWhenAllHaveHeardAndUsedWhenAllHaveMadeIt) {
  EXPECT_FALSE(groups.made());
  EXPECT_TRUE(groups.may_come());
  groups.begin();
  groups.begin();
  EXPECT_TRUE(groups.may_come());
  EXPECT_EQ(told, (std::vector{Rank(1), Rank(4), Rank(5)}));
  EXPECT_EQ(groups.number(), kFirst);
  all_say(Step::heard, {5, 1});
  EXPECT_TRUE(to_make.empty());
  all_say(Step::heard, {4});
  EXPECT_EQ(to_make, told);
  EXPECT_EQ(made_here, std::vector{kFirst});
  all_say(Step::made, {5, 1});
  groups.on_made(true);
  EXPECT_FALSE(groups.made());
  all_say(Step::made, {4});
  EXPECT_TRUE(groups.made());
  EXPECT_FALSE(groups.may_come());
  EXPECT_EQ(groups.next_wake(), std::nullopt);
  groups.begin();
  EXPECT_EQ(told.size(), 3U) << "there is one";
}

TEST_F(RegroupingTest, TheCoordinatorsOwnPartCountsToo) {
  groups.begin();
  all_say(Step::heard);
  all_say(Step::made);
  EXPECT_FALSE(groups.made());
  groups.on_made(true);
  EXPECT_TRUE(groups.made());
}

TEST_F(RegroupingTest, ADeathOnTheWayBeginsItAnew) {
  for (const int until : {0, 1, 2, 3}) {
    members = {Rank(1), Rank(2), Rank(4), Rank(5)};
    groups.living({Rank(1), Rank(4), Rank(5)});
    groups.begin();
    const std::uint64_t number = groups.number();
    if (until > 0) all_say(Step::heard);
    if (until > 1) all_say(Step::made);
    if (until > 2) groups.on_made(true);
    EXPECT_EQ(groups.made(), until == 3);

    members = {Rank(1), Rank(2), Rank(5)};
    groups.living({Rank(1), Rank(5)});
    EXPECT_FALSE(groups.made());
    groups.begin();
    EXPECT_GT(groups.number(), number) << until;
    for (const Step step : {Step::heard, Step::made}) {
      says(1, step, number);  // late
      says(5, step, number);
    }
    groups.on_made(true);  // the same
    EXPECT_FALSE(groups.made());
    all_say(Step::heard, {1, 5});
    EXPECT_EQ(made_here.back(), groups.number());
    all_say(Step::made, {1, 5});
    groups.on_made(true);
    EXPECT_TRUE(groups.made());
  }
}

TEST_F(RegroupingTest, WhatFailsIsTriedAgainAFewTimes) {
  for (int i = 0; i < Regrouping::kMostTries; ++i) {
    groups.begin();
    all_say(Step::heard);
    all_say(Step::made, {1, 4});
    i % 2 == 0 ? says(5, Step::failed, groups.number()) : groups.on_made(false);
    EXPECT_FALSE(groups.made());
  }
  EXPECT_EQ(groups.number(), kFirst + Regrouping::kMostTries - 1);
  EXPECT_FALSE(groups.may_come());
  groups.begin();
  EXPECT_EQ(groups.number(), kFirst + Regrouping::kMostTries - 1) << "there is none with these ranks";
  groups.living({Rank(1), Rank(4), Rank(5)});  // one was gone and is back
  groups.begin();
  EXPECT_EQ(groups.number(), kFirst + Regrouping::kMostTries);
}

TEST_F(RegroupingTest, WhatTakesTooLongIsGivenUp) {
  groups.begin();
  now += 100s;
  EXPECT_EQ(groups.next_wake(), std::nullopt) << "a rank may be in a long collective before it hears";
  all_say(Step::heard);
  EXPECT_EQ(groups.next_wake(), now + kPatience);
  groups.on_tick(now + kPatience - 1ns);
  groups.begin();
  EXPECT_EQ(groups.number(), kFirst);
  groups.on_tick(now + kPatience);
  all_say(Step::made);
  groups.on_made(true);
  EXPECT_FALSE(groups.made());
  groups.begin();
  EXPECT_EQ(groups.number(), kFirst + 1);
}

TEST_F(RegroupingTest, ALoneRankHasNobodyToMakeItWith) {
  groups.living({});
  groups.begin();
  EXPECT_TRUE(told.empty());
  EXPECT_FALSE(groups.made());
}

TEST_F(RegroupingTest, NumbersOfALaterEpochAreHigher) {
  for (std::uint64_t i = 0; i < Regrouping::kMostInAReign + 10; ++i) {
    groups.living({Rank(1), Rank(4), Rank(5)});
    groups.begin();
  }
  Regrouping later(Rank(1), Epoch(4), kPatience, *this);
  EXPECT_LE(groups.number(), later.number());
}

}  // namespace
}  // namespace kiln::protocol
