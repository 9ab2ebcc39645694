#include "schedule/interval_set.hpp"

#include "unit/schedule/naive.hpp"

#include <gtest/gtest.h>

namespace kiln::schedule {
namespace {

using testing::Draw;
using testing::units_of;
using testing::UnitSet;

constexpr std::uint64_t kUnits = 60;

void expect_well_formed(const IntervalSet& set) {
  std::uint64_t count = 0;
  std::optional<UnitId> last;
  for (const Interval& interval : set.intervals()) {
    EXPECT_FALSE(interval.empty());
    if (last) {
      EXPECT_LT(*last, interval.first) << "intervals touch or overlap";
    }
    last = interval.last;
    count += interval.size();
  }
  EXPECT_EQ(set.count(), count);
}

TEST(IntervalSet, TouchingIntervalsAreOne) {
  IntervalSet set;
  EXPECT_EQ(set.insert(make_interval(0, 10)), 10U);
  EXPECT_EQ(set.insert(make_interval(20, 30)), 10U);
  EXPECT_EQ(set.size(), 2U);
  EXPECT_EQ(set.insert(make_interval(10, 20)), 10U);
  EXPECT_EQ(set.size(), 1U);
  EXPECT_EQ(set.insert(make_interval(5, 25)), 0U);
  EXPECT_EQ(set.count(), 30U);
}

TEST(IntervalSet, EmptyIntervalsChangeNothing) {
  IntervalSet set(make_interval(3, 5));
  EXPECT_EQ(set.insert(make_interval(9, 9)), 0U);
  EXPECT_EQ(set.erase(make_interval(4, 4)), 0U);
  EXPECT_EQ(set.size(), 1U);
  EXPECT_FALSE(set.overlaps(make_interval(4, 4)));
  EXPECT_TRUE(set.contains(make_interval(4, 4)));
}

TEST(IntervalSet, HoldsTheLargestIds) {
  IntervalSet set(make_interval(0, ~std::uint64_t{0}));
  EXPECT_EQ(set.erase(make_interval(1, ~std::uint64_t{0} - 1)), ~std::uint64_t{0} - 2);
  EXPECT_EQ(set.count(), 2U);
  EXPECT_EQ(set.back(), make_interval(~std::uint64_t{0} - 1, ~std::uint64_t{0}));
}

TEST(IntervalSet, EqualsAnotherInsertedOrErasedWhole) {
  IntervalSet a(make_interval(0, 10));
  IntervalSet b(make_interval(5, 15));
  b.insert(make_interval(20, 22));
  EXPECT_EQ(a.insert(b), 7U);
  EXPECT_EQ(a.erase(b), 12U);
  EXPECT_EQ(a, IntervalSet(make_interval(0, 5)));
  EXPECT_EQ(a.erase(a), 5U);
  EXPECT_TRUE(a.empty());
}

class Pair {
 public:
  void change(Draw& draw) {
    const Interval at = draw.interval(kUnits, 12);
    const std::uint64_t before = naive_.size();
    switch (draw.below(4)) {
      case 0:
        for (auto unit = at.first.value(); unit < at.last.value(); ++unit) naive_.insert(unit);
        EXPECT_EQ(set_.insert(at), naive_.size() - before);
        break;
      case 1:
        for (auto unit = at.first.value(); unit < at.last.value(); ++unit) naive_.erase(unit);
        EXPECT_EQ(set_.erase(at), before - naive_.size());
        break;
      case 2:
        took(set_.take_front(at.size()), at.size(), true);
        break;
      default:
        took(set_.take_back(at.size()), at.size(), false);
    }
  }
  void compare(Draw& draw) const {
    EXPECT_EQ(units_of(set_), naive_);
    expect_well_formed(set_);
    const Interval at = draw.interval(kUnits, 20);
    UnitSet inside, outside;
    for (auto unit = at.first.value(); unit < at.last.value(); ++unit) {
      (naive_.contains(unit) ? inside : outside).insert(unit);
      EXPECT_EQ(set_.contains(UnitId(unit)), naive_.contains(unit));
    }
    EXPECT_EQ(units_of(set_.intersection(at)), inside);
    EXPECT_EQ(units_of(set_.missing(at)), outside);
    EXPECT_EQ(set_.contains(at), outside.empty());
    EXPECT_EQ(set_.overlaps(at), !inside.empty());
    expect_well_formed(set_.intersection(at));
    expect_well_formed(set_.missing(at));
  }

 private:
  void took(std::optional<Interval> taken, std::uint64_t most, bool front) {
    if (naive_.empty() || most == 0) {
      EXPECT_FALSE(taken);
      return;
    }
    ASSERT_TRUE(taken);
    EXPECT_EQ(front ? taken->first.value() : taken->last.value() - 1, front ? *naive_.begin() : *naive_.rbegin());
    EXPECT_LE(taken->size(), most);
    for (auto unit = taken->first.value(); unit < taken->last.value(); ++unit) EXPECT_EQ(naive_.erase(unit), 1U);
    const std::uint64_t beyond = front ? taken->last.value() : taken->first.value() - 1;
    if (taken->size() < most) {
      EXPECT_FALSE(naive_.contains(beyond)) << "less than wanted without need";
    }
  }

  IntervalSet set_;
  UnitSet naive_;
};

TEST(IntervalSet, IsTheSetOfItsUnitsWhateverIsDone) {
  for (std::uint64_t seed = 0; seed < 200 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Draw draw(seed);
    Pair pair;
    for (int i = 0; i < 100 && !HasFailure(); ++i) {
      pair.change(draw);
      pair.compare(draw);
    }
  }
}

TEST(IntervalSet, ABillionUnitsCostTheirIntervals) {
  IntervalSet set(make_interval(0, 1'000'000'000));
  for (std::uint64_t i = 0; i < 1000; ++i) set.erase(make_interval(i * 1'000'000, i * 1'000'000 + 1));
  EXPECT_EQ(set.count(), 1'000'000'000U - 1000U);
  EXPECT_EQ(set.size(), 1000U);
}

}  // namespace
}  // namespace kiln::schedule
