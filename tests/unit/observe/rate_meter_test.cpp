#include "observe/rate_meter.hpp"

#include <gtest/gtest.h>

namespace kiln::observe {
namespace {

using namespace std::chrono_literals;

TEST(RateMeter, UnknownUntilUnitsEnd) {
  RateMeter meter;
  EXPECT_EQ(meter.rate(), 0);
  EXPECT_EQ(meter.time_for(10), std::nullopt);
  meter.add(Instant(1s), 5);
  EXPECT_EQ(meter.rate(), 0);
  meter.add(Instant(1s), 5);  // no time has passed
  EXPECT_EQ(meter.rate(), 0);
}

TEST(RateMeter, SteadyWorkHasItsRateFromTheSecondReadingOn) {
  RateMeter meter;
  for (int second = 0; second < 100; ++second) {
    meter.add(Instant(std::chrono::seconds(second)), static_cast<std::uint64_t>(second) * 20);
    if (second > 0) {
      EXPECT_NEAR(meter.rate(), 20, 1e-9) << second;
    }
  }
  ASSERT_TRUE(meter.time_for(200).has_value());
  EXPECT_NEAR(to_seconds(*meter.time_for(200)), 10, 1e-6);
}

TEST(RateMeter, FollowsAChangeWithinAMinuteAndSmoothsBursts) {
  RateMeter meter;
  std::uint64_t settled = 0;
  int second = 0;
  for (; second < 60; ++second) meter.add(Instant(std::chrono::seconds(second)), settled += 100);
  meter.add(Instant(std::chrono::seconds(second++)), settled += 1000);
  EXPECT_LT(meter.rate(), 200);
  for (; second < 130; ++second) meter.add(Instant(std::chrono::seconds(second)), settled += 10);
  EXPECT_NEAR(meter.rate(), 10, 2);
}

TEST(RateMeter, ATimeThatDoesNotFitIsUnknown) {
  RateMeter meter;
  meter.add(Instant(0s), 0);
  meter.add(Instant(10s), 1);
  EXPECT_EQ(meter.time_for(~0ULL), std::nullopt);
}

}  // namespace
}  // namespace kiln::observe
