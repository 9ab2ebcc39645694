#include "schedule/gates.hpp"

#include <gmock/gmock.h>
#include <kiln/error.hpp>

namespace kiln::schedule {
namespace {

using State = Gates::State;
using testing::ElementsAre;

IntervalSet units(std::uint64_t first, std::uint64_t last) { return IntervalSet(make_interval(first, last)); }

GatedStage stage(std::uint64_t first, std::uint64_t last, std::vector<std::size_t> after = {}) {
  return {units(first, last), std::move(after)};
}

std::vector<State> states(const Gates& gates) {
  std::vector<State> all;
  for (const Gates::View& view : gates.view()) all.push_back(view.state);
  return all;
}

/// 0..4, then 4..6 behind it, then 6..7 behind both; 7..9 waits for nobody, and 9..10 is of no stage.
Gates chain(const IntervalSet& done = {}, const IntervalSet& dead = {}) {
  return Gates({stage(0, 4), stage(4, 6, {0}), stage(6, 7, {0, 1}), stage(7, 9)}, done, dead);
}

TEST(Gates, WithoutStagesNothingWaits) {
  Gates gates({}, {}, {});
  EXPECT_EQ(gates.let_through(units(0, 10)), units(0, 10));
  gates.done(units(0, 10));
  EXPECT_FALSE(gates.wants_commit());
  EXPECT_TRUE(gates.committed(units(0, 10)).empty());
}

TEST(Gates, UnitsBehindAreKeptUntilAllBeforeThemAreCommitted) {
  Gates gates = chain();
  IntervalSet free = units(0, 4);
  free.insert(units(7, 10));
  EXPECT_EQ(gates.let_through(units(0, 10)), free);
  EXPECT_EQ(gates.waiting(), 3U);
  EXPECT_THAT(states(gates), ElementsAre(State::open, State::waiting, State::waiting, State::open));
  gates.done(units(0, 3));
  EXPECT_TRUE(gates.committed(units(0, 3)).empty());
  EXPECT_FALSE(gates.wants_commit());
  gates.done(units(3, 4));
  EXPECT_TRUE(gates.wants_commit());
  EXPECT_EQ(gates.committed(units(3, 4)), units(4, 6));
  EXPECT_FALSE(gates.wants_commit());
  EXPECT_EQ(gates.waiting(), 1U);
  gates.done(units(4, 6));
  EXPECT_EQ(gates.committed(units(4, 6)), units(6, 7));
  EXPECT_THAT(states(gates), ElementsAre(State::over, State::over, State::open, State::open));
}

TEST(Gates, NobodyWaitsForTheLastOne) {
  Gates gates = chain();
  gates.let_through(units(0, 10));
  gates.done(units(7, 9));
  EXPECT_FALSE(gates.wants_commit());
}

TEST(Gates, WhatIsOpenAgainIsWaitedFor) {
  Gates gates = chain();
  gates.let_through(units(0, 10));
  gates.done(units(0, 4));
  gates.reopened(units(1, 2));
  EXPECT_FALSE(gates.wants_commit());
  IntervalSet others = units(0, 1);
  others.insert(units(2, 4));
  EXPECT_TRUE(gates.committed(others).empty());
  gates.done(units(1, 2));
  EXPECT_TRUE(gates.wants_commit());
  EXPECT_EQ(gates.committed(units(1, 2)), units(4, 6));
}

TEST(Gates, ADeadLetterStopsAllBehindIt) {
  Gates gates = chain();
  gates.let_through(units(0, 10));
  gates.dead(UnitId(2));
  EXPECT_EQ(gates.waiting(), 0U);
  EXPECT_EQ(gates.blocked(), 3U);
  gates.done(units(0, 2));
  gates.done(units(3, 4));
  EXPECT_FALSE(gates.wants_commit());
  EXPECT_TRUE(gates.committed(units(0, 4)).empty());
  EXPECT_THAT(states(gates), ElementsAre(State::open, State::blocked, State::blocked, State::open));
  EXPECT_EQ(gates.view()[0].dead, 1U);
  EXPECT_EQ(gates.view()[0].done, 3U);
}

TEST(Gates, ADeadLetterOfAStageThatNobodyWaitsForStopsNothing) {
  Gates gates = chain();
  gates.let_through(units(0, 10));
  gates.dead(UnitId(7));
  gates.dead(UnitId(9));
  EXPECT_EQ(gates.blocked(), 0U);
  EXPECT_EQ(gates.waiting(), 3U);
}

TEST(Gates, GoOnFromTheJournal) {
  Gates over = chain(units(0, 5));
  IntervalSet free = units(5, 6);
  free.insert(units(7, 10));
  IntervalSet open = units(5, 10);
  EXPECT_EQ(over.let_through(open), free);
  EXPECT_THAT(states(over), ElementsAre(State::over, State::open, State::waiting, State::open));

  Gates failed = chain(units(0, 3), units(3, 4));
  EXPECT_EQ(failed.let_through(units(4, 7)), IntervalSet());
  EXPECT_EQ(failed.blocked(), 3U);
}

// A unit came to the first stage when the second was done already: the third waits for it all the same.
TEST(Gates, AStageIsOverWhenThoseBeforeItAre) {
  IntervalSet done = units(0, 3);
  done.insert(units(4, 6));
  Gates gates = chain(done);
  IntervalSet open = units(3, 4);
  open.insert(units(6, 7));
  EXPECT_EQ(gates.let_through(open), units(3, 4));
  EXPECT_EQ(gates.waiting(), 1U);
  gates.done(units(3, 4));
  EXPECT_EQ(gates.committed(units(3, 4)), units(6, 7));
  EXPECT_THAT(states(gates), ElementsAre(State::over, State::over, State::open, State::open));
}

TEST(Gates, ARingIsRefused) { EXPECT_THROW(Gates({stage(0, 1, {1}), stage(1, 2, {0})}, {}, {}), Error); }

}  // namespace
}  // namespace kiln::schedule
