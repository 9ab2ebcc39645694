#include "schedule/ledger.hpp"

#include "unit/schedule/naive.hpp"

#include <gtest/gtest.h>
#include <kiln/error.hpp>

namespace kiln::schedule {
namespace {

using testing::Draw;
using testing::units_of;
using testing::UnitSet;

TEST(Ledger, AResultCountsOnce) {
  Ledger ledger(10);
  EXPECT_EQ(ledger.mark_done(make_interval(2, 6)).count(), 4U);
  EXPECT_EQ(units_of(ledger.mark_done(make_interval(4, 8))), (UnitSet{6, 7}));
  EXPECT_TRUE(ledger.mark_dead(UnitId(0)));
  EXPECT_FALSE(ledger.mark_dead(UnitId(0)));
  EXPECT_FALSE(ledger.mark_dead(UnitId(5))) << "done units do not die";
  EXPECT_EQ(units_of(ledger.mark_done(make_interval(0, 2))), (UnitSet{1})) << "dead letters do not come alive";
  EXPECT_EQ(units_of(ledger.open()), (UnitSet{8, 9}));
  EXPECT_FALSE(ledger.complete());
  ledger.mark_done(make_interval(8, 10));
  EXPECT_TRUE(ledger.complete());
  EXPECT_FALSE(ledger.all_committed());
}

TEST(Ledger, OnlySettledUnitsAreCommitted) {
  Ledger ledger(10);
  ledger.mark_done(make_interval(0, 5));
  ledger.mark_dead(UnitId(5));
  EXPECT_THROW(ledger.mark_committed(IntervalSet(make_interval(0, 7))), Error);
  EXPECT_TRUE(ledger.committed().empty());
  ledger.mark_committed(IntervalSet(make_interval(0, 6)));
  EXPECT_EQ(ledger.committed().count(), 6U);
}

TEST(Ledger, RestoresWhatTheJournalSaysAndSuccessBeatsDeath) {
  Ledger ledger(10);
  IntervalSet dead(make_interval(3, 4));
  dead.insert(make_interval(8, 9));
  ledger.restore(IntervalSet(make_interval(0, 5)), dead);
  EXPECT_EQ(units_of(ledger.dead()), (UnitSet{8}));
  EXPECT_EQ(ledger.committed().count(), 6U);
  EXPECT_TRUE(ledger.settled(UnitId(3)));
  EXPECT_EQ(ledger.mark_done(make_interval(0, 10)).count(), 4U);
}

TEST(Ledger, GrowsAndRefusesWhatIsNotInTheSource) {
  Ledger ledger(4);
  ledger.mark_done(make_interval(0, 4));
  EXPECT_TRUE(ledger.complete());
  EXPECT_THROW(ledger.mark_done(make_interval(4, 5)), Error);
  EXPECT_THROW(ledger.mark_dead(UnitId(4)), Error);
  EXPECT_THROW(ledger.restore(IntervalSet(make_interval(0, 5)), {}), Error);
  ledger.grow(6);
  EXPECT_FALSE(ledger.complete());
  EXPECT_EQ(units_of(ledger.open()), (UnitSet{4, 5}));
  EXPECT_THROW(ledger.grow(5), Error);
}

TEST(Ledger, EveryUnitIsExactlyOneOfOpenDoneDead) {
  for (std::uint64_t seed = 0; seed < 100 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Draw draw(seed);
    Ledger ledger(50);
    std::uint64_t counted = 0;
    for (int i = 0; i < 60; ++i) {
      if (draw.one_in(4)) {
        counted += ledger.mark_dead(UnitId(draw.below(50))) ? 1 : 0;
      } else {
        counted += ledger.mark_done(draw.interval(50, 8)).count();
      }
      EXPECT_EQ(ledger.done().count() + ledger.dead().count(), counted);
      EXPECT_EQ(ledger.open().count() + counted, 50U);
      EXPECT_EQ(ledger.complete(), counted == 50);
    }
  }
}

}  // namespace
}  // namespace kiln::schedule
