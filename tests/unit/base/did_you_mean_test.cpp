#include "base/did_you_mean.hpp"

#include <gtest/gtest.h>

namespace kiln {
namespace {

TEST(EditDistance, CountsChanges) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance("retires", "retries"), 1U);  // neighbours swapped
  EXPECT_EQ(edit_distance("same", "same"), 0U);
}

TEST(DidYouMean, NamesTheNearestOrNothing) {
  const std::vector<std::string> known{"--retries", "--timeout", "--max-failures", "--grace"};
  EXPECT_EQ(did_you_mean("--retry", known), " Did you mean --retries?");
  EXPECT_EQ(did_you_mean("--time-out", known), " Did you mean --timeout?");
  EXPECT_EQ(did_you_mean("--max", known), " Did you mean --max-failures?");
  EXPECT_EQ(did_you_mean("--banana", known), "");
  EXPECT_EQ(did_you_mean(std::string(100'000, 'x'), known), "");
  EXPECT_EQ(did_you_mean("--x", {}), "");
}

}  // namespace
}  // namespace kiln
