#include "schedule/time_limit.hpp"

#include <gtest/gtest.h>

namespace kiln::schedule {
namespace {

using std::chrono::seconds;

TimeLimit limit(int end, std::optional<Duration> longest = {}) { return {Instant(seconds(end)), longest}; }

Durations measured(double each, std::uint64_t count = 100) {
  Durations durations;
  durations.add(each, count);
  return durations;
}

TEST(TimeLimit, AnythingFitsWhileNothingIsMeasured) {
  EXPECT_EQ(units_that_fit(limit(10), Instant(seconds(9)), {}, {}), UINT64_MAX);
  EXPECT_EQ(units_that_fit(limit(10), Instant(seconds(10)), {}, {}), 0U);
  EXPECT_EQ(units_that_fit(limit(10), Instant(seconds(11)), {}, {}), 0U);
}

TEST(TimeLimit, WhatTakesLongerThanIsLeftDoesNotFit) {
  const Durations durations = measured(60);  // up to 85 s, by its step
  EXPECT_GT(units_that_fit(limit(100), Instant(seconds(10)), durations, {60, 0}), 0U);
  EXPECT_EQ(units_that_fit(limit(100), Instant(seconds(41)), durations, {60, 0}), 0U);
  EXPECT_EQ(units_that_fit(limit(100), Instant(seconds(10)), durations, {60, 60}), 0U);
}

TEST(TimeLimit, ManyShortOnesFit) {
  const std::uint64_t fit = units_that_fit(limit(100), Instant(), measured(0.01), {0.01, 0});
  EXPECT_GT(fit, 9'900U);
  EXPECT_LE(fit, 10'000U);
}

TEST(TimeLimit, AFewThatTookLongCountOnlyWhereTheyAreManyEnough) {
  Durations durations = measured(1, 99);
  durations.add(1000, 1);
  EXPECT_GT(units_that_fit(limit(100), Instant(), durations, {1, 0}), 0U);
  durations.add(1000, 10);
  EXPECT_EQ(units_that_fit(limit(100), Instant(), durations, {1, 0}), 0U);
}

TEST(TimeLimit, ASlowWorkerNeedsMore) { EXPECT_EQ(units_that_fit(limit(100), Instant(), measured(1), {200, 0}), 0U); }

TEST(TimeLimit, NoUnitTakesLongerThanItsOwnLimit) {
  EXPECT_GT(units_that_fit(limit(100, seconds(90)), Instant(), measured(80), {80, 0}), 0U);
}

}  // namespace
}  // namespace kiln::schedule
