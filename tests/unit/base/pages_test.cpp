#include <sys/mman.h>

#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <kiln/detail/keyed/pages.hpp>
#include <utility>

namespace kiln::detail {
namespace {

bool is_mapped(std::byte* at) {
  unsigned char there = 0;
  return mincore(at, 1, &there) == 0 || errno != ENOMEM;
}

TEST(KeptPages, WhatWasGivenBackIsUsedAgain) {
  KeptPages::release();
  std::byte* where = nullptr;
  {
    const KeptPages first(100'000);
    ASSERT_EQ(first.size(), KeptPages::kKept);
    std::memset(first.data(), 7, first.size());
    where = first.data();
    const KeptPages second(KeptPages::kKept);
    EXPECT_NE(second.data(), where);
  }
  const KeptPages one(1), two(2);
  EXPECT_TRUE(one.data() == where || two.data() == where);
  EXPECT_EQ(where[KeptPages::kKept - 1], std::byte{7}) << "it was zeroed, which takes as long as to write it";
}

TEST(KeptPages, ReleaseGivesAllOfThemToTheSystem) {
  std::byte* where = nullptr;
  {
    KeptPages first(1);
    where = first.data();
    KeptPages moved(std::move(first));
    KeptPages second;
    second = std::move(moved);
    EXPECT_EQ(second.data(), where);
  }
  EXPECT_TRUE(is_mapped(where)) << "it is kept";
  KeptPages::release();
  EXPECT_FALSE(is_mapped(where));
}

TEST(KeptPages, WhatIsLargerIsNotKept) {
  std::byte* where = nullptr;
  {
    const KeptPages large(KeptPages::kKept + 1);
    ASSERT_GE(large.size(), KeptPages::kKept + 1);
    where = large.data();
    where[KeptPages::kKept] = std::byte{1};
  }
  EXPECT_FALSE(is_mapped(where));
}

}  // namespace
}  // namespace kiln::detail
