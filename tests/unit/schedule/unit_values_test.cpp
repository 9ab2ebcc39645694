#include "schedule/unit_values.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace kiln::schedule {
namespace {

TEST(UnitValues, OneValueHoldsUntilAnotherIsSet) {
  UnitValues<int> values(7);
  EXPECT_EQ(values.at(UnitId(0)), 7);
  EXPECT_EQ(values.at(UnitId(~0ULL)), 7);
  values.set(make_interval(3, 5), 1);
  EXPECT_EQ(values.at(UnitId(2)), 7);
  EXPECT_EQ(values.at(UnitId(3)), 1);
  EXPECT_EQ(values.at(UnitId(4)), 1);
  EXPECT_EQ(values.at(UnitId(5)), 7);
  values.set(make_interval(4, 4), 9);
  EXPECT_EQ(values.at(UnitId(4)), 1);
}

TEST(UnitValues, TheLaterOneHolds) {
  std::mt19937 random(3);
  UnitValues<int> values(-1);
  std::vector<int> plain(50, -1);
  for (int i = 0; i < 2000; ++i) {
    const std::uint64_t first = random() % 50;
    const std::uint64_t last = first + random() % (50 - first + 1);
    const int value = static_cast<int>(random() % 5);
    values.set(make_interval(first, last), value);
    for (std::uint64_t unit = first; unit < last; ++unit) plain[unit] = value;
    for (std::uint64_t unit = 0; unit < plain.size(); ++unit) ASSERT_EQ(values.at(UnitId(unit)), plain[unit]);
    std::uint64_t next = first;
    values.for_each_piece(make_interval(first, last), [&](int held, Interval piece) {
      EXPECT_EQ(piece.first.value(), next);
      for (next = piece.first.value(); next < piece.last.value(); ++next) EXPECT_EQ(plain[next], held);
    });
    EXPECT_EQ(next, last);
  }
}

}  // namespace
}  // namespace kiln::schedule
