#include "schedule/durations.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace kiln::schedule {
namespace {

TEST(Durations, NothingIsKnownOfNothing) {
  const Durations none;
  EXPECT_FALSE(none.quantile(0.5));
  EXPECT_FALSE(late_after(none, 1));
}

TEST(Durations, AQuantileIsWithinAStep) {
  Durations durations;
  durations.add(0.1, 60);
  durations.add(2, 30);
  durations.add(50, 10);
  for (const auto& [share, seconds] : {std::pair(0.0, 0.1), {0.5, 0.1}, {0.6, 0.1}, {0.75, 2.0}, {0.95, 50.0}}) {
    const double found = durations.quantile(share).value();
    EXPECT_GE(found, seconds) << share;
    EXPECT_LE(found, seconds * std::sqrt(2.0) * 1.0001) << share;
  }
}

TEST(Durations, WhatIsNoTimeCountsAsTheShortest) {
  Durations durations;
  for (const double odd : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()}) durations.add(odd, 1);
  EXPECT_EQ(durations.count(), 3U);
  EXPECT_LT(durations.quantile(1).value(), 1e-8);
  durations.add(std::numeric_limits<double>::infinity(), 1);
  EXPECT_GT(durations.quantile(1).value(), 1e5);
}

TEST(Durations, LateIsThreeTimesTheUsualAndASecondAtLeast) {
  Durations durations;
  durations.add(0.001, 100);
  EXPECT_EQ(late_after(durations, 1).value(), 1);
  EXPECT_EQ(late_after(durations, 100).value(), 1);
  EXPECT_GE(late_after(durations, 1000).value(), 3);
  EXPECT_LE(late_after(durations, 1000).value(), 4.3);
}

}  // namespace
}  // namespace kiln::schedule
