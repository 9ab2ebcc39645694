#include "job/restart_policy.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace kiln::job {
namespace {

using std::chrono::seconds;

TEST(RestartPolicy, GivesUpAfterSoManyInARowWithoutProgress) {
  RestartPolicy policy(3);
  for (const std::uint32_t number : {1U, 2U, 3U}) {
    const auto restart = policy.next(false);
    ASSERT_TRUE(restart.has_value());
    EXPECT_EQ(restart->number, number);
  }
  EXPECT_FALSE(policy.next(false).has_value());
}

TEST(RestartPolicy, ProgressBeginsTheCountAnew) {
  RestartPolicy policy(1);
  for (int i = 0; i < 100; ++i) {
    const auto restart = policy.next(true);
    ASSERT_TRUE(restart.has_value());
    EXPECT_EQ(restart->number, 1U);
    EXPECT_EQ(restart->pause, seconds(1));
  }
  EXPECT_FALSE(policy.next(false).has_value());
}

TEST(RestartPolicy, ThePauseDoublesUpToABound) {
  RestartPolicy policy(1000);
  std::vector<Duration> pauses;
  for (int i = 0; i < 7; ++i) pauses.push_back(policy.next(false)->pause);
  EXPECT_EQ(pauses, (std::vector<Duration>{seconds(1), seconds(2), seconds(4), seconds(8), seconds(16), seconds(30),
                                           seconds(30)}));
  for (int i = 0; i < 900; ++i) EXPECT_EQ(policy.next(false)->pause, seconds(30));
}

TEST(RestartPolicy, ZeroIsNever) { EXPECT_FALSE(RestartPolicy(0).next(true).has_value()); }

}  // namespace
}  // namespace kiln::job
