#include "unit/temp_folder.hpp"

#include <kiln/kiln.hpp>
#include <kiln/monoids.hpp>
#include <kiln/testing.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace kiln {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Numbers = std::vector<std::uint64_t>;

Numbers numbers_below(std::uint64_t n) {
  Numbers all;
  for (std::uint64_t i = 0; i < n; ++i) all.push_back(i);
  return all;
}
/// Three items of a unit.
Numbers three_of(std::uint64_t unit) { return {unit * 10, unit * 10 + 1, unit * 10 + 2}; }

TEST(Copy, GivesEachItemToAll) {
  auto [left, right] = Flow("copies").range(100).flat_map(three_of).copy<2>();
  const auto job = together(left.rows("left"), right.filter([](std::uint64_t n) { return n % 2 == 0; }).rows("right"),
                            Flow("other").range(7).reduce(Count{}, "other"));
  for (const std::uint64_t batch : {1U, 7U, 1000U}) {
    const auto result = testing::run(job, {.batch = batch});
    Numbers all, even;
    for (std::uint64_t unit = 0; unit < 100; ++unit) {
      for (const std::uint64_t n : three_of(unit)) {
        all.push_back(n);
        if (n % 2 == 0) even.push_back(n);
      }
    }
    EXPECT_EQ(result.rows<std::uint64_t>("left"), all);
    EXPECT_EQ(result.rows<std::uint64_t>("right"), even);
    EXPECT_EQ(result.value, 7U);
  }
}

TEST(Copy, OfLargeUnitsAndOfOne) {
  auto [only] = Flow("large").range(3).flat_map([](std::uint64_t) { return numbers_below(5000); }).copy<1>();
  const auto result = testing::run(together(only.reduce(Sum<std::uint64_t>{}, "sum")));
  EXPECT_EQ(result.value, 3U * 5000U * 4999U / 2);
}

TEST(Split, GivesEachItemToOne) {
  auto [even, odd] = Flow("halves").range(10).split([](std::uint64_t n) { return n % 2 == 0; });
  const auto result = testing::run(together(even.rows("even"), odd.rows("odd")));
  EXPECT_THAT(result.rows<std::uint64_t>("even"), ElementsAre(0, 2, 4, 6, 8));
  EXPECT_THAT(result.rows<std::uint64_t>("odd"), ElementsAre(1, 3, 5, 7, 9));
}

TEST(Split, FailsAUnitThatGoesNowhere) {
  auto parts = Flow("parts").range(10).split<3>([](std::uint64_t n) { return static_cast<int>(n % 5) - 1; });
  const auto result = testing::run(together(parts[0].rows("0"), parts[1].rows("1")));
  EXPECT_THAT(result.rows<std::uint64_t>("0"), ElementsAre(1, 6));
  EXPECT_THAT(result.rows<std::uint64_t>("1"), ElementsAre(2, 7));
  ASSERT_THAT(result.dead_letters, SizeIs(4));
  EXPECT_THAT(result.dead_letters[0].reason,
              HasSubstr("split<3>(f): f gave -1 for an item, and there are streams 0 to 2"));
  EXPECT_EQ(result.dead_letters[1].unit, 4U);
}

TEST(Merge, GivesItemsOfAUnitStreamByStream) {
  auto [left, right] = Flow("again").range(50).flat_map(three_of).copy<2>();
  const auto job = left.map([](std::uint64_t n) { return n + 1'000'000; }).merge(right).rows("all");
  for (const std::uint64_t batch : {1U, 7U, 1000U}) {
    const auto result = testing::run(job, {.batch = batch});
    Numbers expected;
    for (std::uint64_t unit = 0; unit < 50; ++unit) {
      for (const std::uint64_t n : three_of(unit)) expected.push_back(n + 1'000'000);
      for (const std::uint64_t n : three_of(unit)) expected.push_back(n);
    }
    EXPECT_EQ(result.rows<std::uint64_t>("all"), expected);
  }
}

TEST(Merge, OfSourcesGivesTheUnitsOfOneAfterTheOther) {
  const Flow flow("sources");
  const auto doubled =
      flow.items(Numbers{7, 8, 9}).map([](std::uint64_t n, Unit& unit) { return n * 100 + unit.id(); });
  const auto job = flow.range(4).merge(doubled, flow.range(2)).into(to_rows("all"), to_reduce(Count{}));
  for (const std::uint64_t batch : {1U, 3U, 5U, 1000U}) {
    const auto result = testing::run(job, {.batch = batch});
    EXPECT_THAT(result.rows<std::uint64_t>("all"), ElementsAre(0, 1, 2, 3, 704, 805, 906, 0, 1));
    EXPECT_THAT(result.units("all"), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8));
    EXPECT_EQ(result.counts.units, 9U);
    EXPECT_EQ(result.value, 9U);
  }
}

TEST(Merge, OfTwoStepsByKey) {
  const auto by = [](std::uint64_t keys) {
    return Flow("keys")
        .range(1000)
        .map([keys](std::uint64_t n) { return std::pair(n % keys, std::uint64_t{1}); })
        .reduce_by_key(std::plus<>{});
  };
  auto both = by(10).merge(by(7));
  const auto result = testing::run(both.into(
      to_reduce(Count{}, "keys"), to_reduce(Sum<std::uint64_t>{}, [](const auto& item) { return item.second; })));
  EXPECT_EQ(std::get<0>(result.values), 17U);
  EXPECT_EQ(std::get<1>(result.values), 2000U);
  EXPECT_EQ(result.counts.units, 512U);
}

TEST(Together, RunsWhatIsSharedOnce) {
  auto [one, other] = Flow("shared").range(100).copy<2>();
  const auto by_key = [](const auto& stream, std::uint64_t keys) {
    return stream.map([keys](std::uint64_t n) { return std::pair(n % keys, n); }).reduce_by_key(std::plus<>{});
  };
  const auto job = together(by_key(one, 3).rows("three"), by_key(other, 4).rows("four"));
  EXPECT_THAT(job.stages().stages, SizeIs(3));
  EXPECT_EQ(job.stages().stages[0].reduces.size(), 2U);
  EXPECT_EQ(job.stages().stages[0].reader, 2U);
  const auto result = testing::run(job, {.batch = 9});
  using Pair = std::pair<std::uint64_t, std::uint64_t>;
  EXPECT_THAT(result.rows<Pair>("three"), ::testing::UnorderedElementsAre(Pair(0, 1683), Pair(1, 1617), Pair(2, 1650)));
  EXPECT_THAT(result.rows<Pair>("four"), SizeIs(4));
}

TEST(Together, RefusesAStreamThatIsReadTwice) {
  const auto stream = Flow("twice").range(5);
  try {
    together(stream.rows("a"), stream.reduce(Count{}));
    FAIL() << "read twice";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "flow 'twice': the stream of range(5) is read by two jobs that run together: use copy<2>() and read "
                 "each copy once");
  }
  auto [one, other] = stream.copy<2>();
  EXPECT_THROW(together(one.rows("a"), one.rows("b")), Error);
  EXPECT_NO_THROW(together(one.rows("a"), other.rows("b")));
  EXPECT_THROW(together(one.rows("a"), other.rows("a")), Error);
}

TEST(Together, RefusesAStageThatWouldWaitForItself) {
  auto [one, other] = Flow("circle").range(5).copy<2>();
  const auto counted = one.map([](std::uint64_t n) { return std::pair(n, n); }).reduce_by_key(std::plus<>{});
  try {
    (void)counted.merge(other.map([](std::uint64_t n) { return std::pair(n, n); })).rows("all");
    FAIL() << "a circle";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("would have to wait for a step by key that is made of the same stream"));
  }
}

TEST(Branches, AUnitFailsInAll) {
  auto [one, other] = Flow("fails").range(10).flat_map(three_of).copy<2>();
  const auto bad = other.map([](std::uint64_t n) {
    if (n % 40 == 2) throw std::runtime_error("no");
    return n;
  });
  const auto job =
      together(one.into(to_rows("one"), to_reduce([](double a, double b) { return a + b; },
                                                  [](std::uint64_t n) { return 1.0 / double(n + 1); })),
               bad.map([](std::uint64_t n) { return std::pair(n % 2, n); }).reduce_by_key(std::plus<>{}).rows("sums"));
  const auto result = testing::run(job, {.batch = 4});
  EXPECT_EQ(result.failed_before, 3U);
  EXPECT_THAT(result.dead_letters, SizeIs(3));
  Numbers kept;
  std::uint64_t sum = 0;
  for (const std::uint64_t unit : {1U, 2U, 3U, 5U, 6U, 7U, 9U}) {
    for (const std::uint64_t n : three_of(unit)) {
      kept.push_back(n);
      sum += n;
    }
  }
  EXPECT_EQ(result.rows<std::uint64_t>("one"), kept);
  std::uint64_t got = 0;
  for (const auto& [key, value] : result.rows<std::pair<std::uint64_t, std::uint64_t>>("sums")) got += value;
  EXPECT_EQ(got, sum);
}

/// Lines 0 to 9,999, in units of about 1,400 bytes.
class BranchLines : public ::testing::Test {
 public:
 protected:
  BranchLines() {
    std::ofstream out(path_);
    for (int i = 0; i < 10'000; ++i) out << i << "\n";
  }
  auto lines() const { return Flow("lines").lines(path_.string(), {.split = 20'000}); }
  static std::uint64_t number_of(const Line& line) { return std::stoull(std::string(line.text)); }

  TempFolder folder_;
  std::filesystem::path path_ = folder_ / "lines.txt";
};

TEST_F(BranchLines, AreCopiedWithoutAText) {
  auto [one, other] = lines().copy<2>();
  const auto result = testing::run(together(one.map(number_of).rows("one"), other.map(number_of).reduce(Count{})));
  EXPECT_EQ(result.rows<std::uint64_t>("one"), numbers_below(10'000));
  EXPECT_EQ(result.value, 10'000U);
}

TEST_F(BranchLines, ARecordThatOneBranchRejectsIsInNone) {
  auto [one, other, third] = lines()
                                 .map([](const Line& line) {
                                   const std::uint64_t n = number_of(line);
                                   if (n % 1000 == 999) throw Rejected("before the copy");
                                   return n;
                                 })
                                 .copy<3>();
  const auto picky = one.filter([](std::uint64_t n) {
    if (n % 1000 == 7) throw Rejected("seven");
    return true;
  });
  const auto later = third.map([](std::uint64_t n) {
    if (n % 1000 == 8 || n % 1000 == 7) throw Rejected("eight");
    return n;
  });
  const auto job = together(picky.merge(later).rows("merged"), other.into(to_rows("one"), to_reduce(Count{})));
  for (const std::uint64_t batch : {1U, 1000U}) {
    const auto result = testing::run(job, {.batch = batch});
    EXPECT_EQ(result.counts.rejected, 30U);
    EXPECT_EQ(result.value, 9'970U);
    EXPECT_THAT(result.rows<std::uint64_t>("merged"), SizeIs(2 * 9'970));
    ASSERT_THAT(result.rejected, SizeIs(30));
    EXPECT_EQ(result.rejected[0].text, "7");
    EXPECT_EQ(result.rejected[0].reason, "seven");
    EXPECT_EQ(result.rejected[1].reason, "eight");
    EXPECT_EQ(result.rejected[2].reason, "before the copy");
    EXPECT_EQ(result.rejected[2].text, "999");
    Numbers kept;
    for (const std::uint64_t n : numbers_below(10'000)) {
      if (n % 1000 != 7 && n % 1000 != 8 && n % 1000 != 999) kept.push_back(n);
    }
    EXPECT_EQ(result.rows<std::uint64_t>("one"), kept);
  }
}

TEST(Branches, ARecordThatIsRejectedHalfWayWhenMuchOfItHasGoneOn) {
  const auto items = Flow("half").range(4).flat_map<std::uint64_t>([](std::uint64_t unit, auto& emit) {
    for (const std::uint64_t n : numbers_below(3000)) emit(n);
    if (unit == 2) throw Rejected("at the end");
  });
  auto [one, other] = items.copy<2>();
  const auto result = testing::run(together(one.reduce(Count{}, "one"), other.rows("other")));
  EXPECT_EQ(std::get<0>(std::tuple(result.value)), 9'000U);
  EXPECT_THAT(result.rows<std::uint64_t>("other"), SizeIs(9'000));
  ASSERT_THAT(result.rejected, SizeIs(1));
  EXPECT_EQ(result.rejected[0].reason, "at the end");
}

TEST(Branches, RandomNumbersOfABranchDependOnNoOther) {
  const auto draws = [](bool beside) {
    auto [one, other] = Flow("random").range(20).copy<2>();
    const auto drawn = one.map([](std::uint64_t, Unit& unit) { return unit.random()(); });
    const auto rest = other.map([beside](std::uint64_t, Unit& unit) { return beside ? unit.random()() : 0; });
    return testing::run(together(drawn.rows("drawn"), rest.rows("rest")), {.seed = 5}).rows<std::uint64_t>("drawn");
  };
  EXPECT_EQ(draws(true), draws(false));
}

TEST(Branches, PlansAreEqualIffTheirGraphsAre) {
  const auto plan = [](auto end) {
    auto [one, other] = Flow("plans").range(5).copy<2>();
    return end(one, other).plan().description;
  };
  const auto a = plan([](auto& x, auto& y) { return x.merge(y).rows("r"); });
  const auto b = plan([](auto& x, auto& y) { return y.merge(x).rows("r"); });
  const auto c = plan([](auto& x, auto&) { return x.rows("r"); });
  EXPECT_NE(a, b);
  EXPECT_NE(a, c);
  EXPECT_EQ(a, plan([](auto& x, auto& y) { return x.merge(y).rows("r"); }));
}

}  // namespace
}  // namespace kiln
