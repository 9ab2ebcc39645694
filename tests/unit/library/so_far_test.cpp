#include <kiln/kiln.hpp>
#include <kiln/monoids.hpp>
#include <kiln/testing.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace kiln {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using Told = std::vector<std::pair<std::uint64_t, std::uint64_t>>;  // units, value

TEST(SoFar, EachBatchButTheLastIsTold) {
  Told told;
  const auto note = [&](std::uint64_t value, std::uint64_t units) { told.emplace_back(units, value); };
  const auto job = Flow("sum").range(10).reduce(so_far(Sum<std::uint64_t>{}, note));
  EXPECT_EQ(testing::run(job, {.batch = 4}).value, 45U);
  EXPECT_THAT(told, ElementsAre(Pair(4, 6), Pair(8, 28)));
  told.clear();
  EXPECT_EQ(testing::run(job, {.batch = 10}).value, 45U);
  EXPECT_THAT(told, IsEmpty());
}

TEST(SoFar, UnitsThatFailedAreNotCounted) {
  Told told;
  const auto note = [&](std::uint64_t value, std::uint64_t units) { told.emplace_back(units, value); };
  const auto odd = Flow("count").range(10).map([](std::uint64_t n) {
    if (n == 3) throw std::runtime_error("three");
    return n;
  });
  const auto result = testing::run(odd.reduce(so_far(Count{}, note)), {.batch = 6});
  EXPECT_EQ(result.value, 9U);
  EXPECT_THAT(told, ElementsAre(Pair(5, 5)));
}

TEST(SoFar, ItChangesNeitherThePlanNorTheSinksBesideIt) {
  const auto numbers = Flow("both").range(100);
  std::uint64_t times = 0;
  const auto job = numbers.into(
      to_reduce(
          so_far(Count{}, [&](std::uint64_t, std::uint64_t) { ++times; }), [](std::uint64_t n) { return n; }, "count"),
      to_reduce(std::plus<>{}, "sum"));
  const auto plain = numbers.into(to_reduce(
                                      Count{}, [](std::uint64_t n) { return n; }, "count"),
                                  to_reduce(std::plus<>{}, "sum"));
  EXPECT_EQ(job.plan().description, plain.plan().description);
  EXPECT_EQ(testing::run(job, {.batch = 10}).values, testing::run(plain).values);
  EXPECT_EQ(times, 9U);
}

TEST(SoFar, BehindAStepByKeyItIsOfThatStage) {
  Told told;
  const auto note = [&](std::uint64_t value, std::uint64_t units) { told.emplace_back(units, value); };
  const auto keys = Flow("keys").range(1000).map([](std::uint64_t n) { return std::pair(n % 50, n); });
  const auto result = testing::run(keys.reduce_by_key(std::plus<>{}).reduce(so_far(Count{}, note)), {.batch = 100});
  EXPECT_EQ(result.value, 50U);
  ASSERT_EQ(told.size(), 2U) << "256 shards";
  EXPECT_EQ(told.back().first, 200U);
  EXPECT_LE(told.front().second, told.back().second);
}

}  // namespace
}  // namespace kiln
