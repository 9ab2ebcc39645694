#include "observe/print_order.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::observe {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::uint64_t> due(PrintOrder& order) {
  std::vector<std::uint64_t> places;
  while (const auto place = order.next()) places.push_back(*place);
  return places;
}

TEST(PrintOrder, GroupedIsAsTheyCome) {
  PrintOrder order(PrintMode::grouped);
  order.expect(schedule::IntervalSet(make_interval(0, 10)));
  order.add(UnitId(7), 70);
  order.add(UnitId(2), 20);
  EXPECT_EQ(order.waiting(), 2U);
  EXPECT_THAT(due(order), ElementsAre(70, 20));
  EXPECT_EQ(order.waiting(), 0U);
}

TEST(PrintOrder, OrderedWaitsForWhatIsBefore) {
  PrintOrder order(PrintMode::ordered);
  schedule::IntervalSet units(make_interval(0, 3));
  units.insert(make_interval(8, 10));  // the others were done earlier
  order.expect(units);
  order.add(UnitId(8), 80);
  order.add(UnitId(1), 10);
  EXPECT_THAT(due(order), IsEmpty());
  order.add(UnitId(0), 0);
  EXPECT_THAT(due(order), ElementsAre(0, 10));
  order.add(UnitId(2), 20);
  EXPECT_THAT(due(order), ElementsAre(20, 80));
  order.add(UnitId(9), 90);
  EXPECT_THAT(due(order), ElementsAre(90));
}

TEST(PrintOrder, TheRestComesInOrderAtTheEnd) {
  PrintOrder order(PrintMode::ordered);
  order.expect(schedule::IntervalSet(make_interval(0, 10)));
  for (const std::uint64_t unit : {9U, 4U, 6U}) order.add(UnitId(unit), unit);
  EXPECT_THAT(due(order), IsEmpty());
  order.end();
  EXPECT_THAT(due(order), ElementsAre(4, 6, 9));
}

TEST(PrintOrder, WhatNobodyExpectedIsPrinted) {
  PrintOrder order(PrintMode::ordered);
  order.expect(schedule::IntervalSet(make_interval(5, 7)));
  order.add(UnitId(2), 2);
  EXPECT_THAT(due(order), ElementsAre(2));
  order.add(UnitId(5), 5);
  order.add(UnitId(6), 6);
  order.add(UnitId(100), 100);
  EXPECT_THAT(due(order), ElementsAre(5, 6, 100));
}

}  // namespace
}  // namespace kiln::observe
