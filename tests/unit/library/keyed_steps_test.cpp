#include <kiln/kiln.hpp>
#include <kiln/testing.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kiln {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;
using Counted = std::pair<std::string, std::int64_t>;

/// What unit u emits: keys of a skewed distribution, some empty, some long, some with zero bytes.
std::vector<std::pair<std::string, std::int64_t>> emissions(std::uint64_t seed, std::uint64_t unit) {
  std::mt19937_64 random(seed * 1'000'003 + unit);
  std::vector<std::pair<std::string, std::int64_t>> all;
  const std::uint64_t count = random() % 40;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t kind = random() % 8;
    const std::uint64_t number = random() % (std::uint64_t{1} << (random() % 10));
    std::string key = kind == 0   ? ""
                      : kind == 1 ? std::string(40, 'k') + std::to_string(number)
                                  : std::to_string(number);
    if (kind == 2) key.push_back('\0');
    all.emplace_back(std::move(key), static_cast<std::int64_t>(random() % 1000) - 500);
  }
  return all;
}

constexpr std::uint64_t kUnits = 200;

TEST(ReduceByKey, GivesWhatAMapWouldWhateverTheBatches) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    std::map<std::string, std::int64_t> model;
    for (std::uint64_t unit = 0; unit < kUnits; ++unit) {
      for (const auto& [key, value] : emissions(seed, unit)) model[key] += value;
    }
    const auto job = Flow("sums")
                         .range(kUnits)
                         .flat_map([seed](std::uint64_t unit) { return emissions(seed, unit); })
                         .reduce_by_key(std::plus<>{})
                         .rows("sums");
    std::vector<Counted> first;
    for (const std::uint64_t batch : {1U, 7U, 64U, 1000U}) {
      const auto result = testing::run(job, {.batch = batch});
      EXPECT_EQ(result.exit_code(), 0);
      const auto rows = result.rows<Counted>("sums");
      EXPECT_EQ((std::map<std::string, std::int64_t>(rows.begin(), rows.end())), model);
      EXPECT_EQ(rows.size(), model.size());
      if (first.empty()) first = rows;
      EXPECT_EQ(rows, first);
    }
  }
}

TEST(ReduceByKey, OfWhatIsNotExactTheBitsAreThoseOfAReduction) {
  const auto value = [](std::uint64_t unit) { return 1.0 / static_cast<double>(unit * unit + 3); };
  const auto pairs = Flow("means").range(3000).map(
      [value](std::uint64_t unit) { return std::pair(static_cast<std::int32_t>(unit % 7) - 3, value(unit)); });
  const auto expected = [&](std::int32_t key) {
    return testing::run(pairs.filter([key](const std::pair<std::int32_t, double>& item) { return item.first == key; })
                            .map([](const std::pair<std::int32_t, double>& item) { return item.second; })
                            .reduce([](double a, double b) { return a + b; }))
        .value;
  };
  for (const std::uint64_t batch : {1U, 10U, 333U, 5000U}) {
    const auto result =
        testing::run(pairs.reduce_by_key([](double a, double b) { return a + b; }).rows("sums"), {.batch = batch});
    const auto rows = result.rows<std::pair<std::int32_t, double>>("sums");
    ASSERT_EQ(rows.size(), 7U);
    for (const auto& [key, sum] : rows) EXPECT_EQ(sum, expected(key)) << key;
  }
}

TEST(ReduceByKey, TakesMonoidsAndViewsAndStructs) {
  const auto job = Flow("text")
                       .items(std::vector<std::string>{"a b a", "", "b a"})
                       .flat_map<std::pair<std::string_view, double>>([](std::string_view text, auto& emit) {
                         for (std::size_t at = 0; at < text.size(); at += 2) {
                           emit({text.substr(at, 1), static_cast<double>(at)});
                         }
                       })
                       .reduce_by_key(Max<double>{})
                       .map([](const auto& item) { return item.first + "=" + std::to_string(item.second.value); })
                       .rows("largest");
  EXPECT_THAT(testing::run(job).rows<std::string>("largest"), UnorderedElementsAre("a=4.000000", "b=2.000000"));
}

TEST(ReduceByKey, WithoutItemsThereAreNoRows) {
  const auto none = [](std::uint64_t) { return std::vector<std::pair<std::uint64_t, std::uint64_t>>{}; };
  for (const std::uint64_t units : {0U, 5U}) {
    const auto result =
        testing::run(Flow("none").range(units).flat_map(none).reduce_by_key(std::plus<>{}).rows("none"));
    EXPECT_EQ(result.exit_code(), 0);
    EXPECT_TRUE((result.rows<std::pair<std::uint64_t, std::uint64_t>>("none").empty()));
  }
}

TEST(ReduceByKey, OneKeyHasAll) {
  const auto one = [](std::uint64_t unit) { return std::pair(std::string("only"), unit); };
  const auto result =
      testing::run(Flow("one").range(10'000).map(one).reduce_by_key(std::plus<>{}).rows("one"), {.batch = 128});
  EXPECT_THAT((result.rows<std::pair<std::string, std::uint64_t>>("one")),
              ElementsAre(std::pair(std::string("only"), std::uint64_t{49'995'000})));
}

TEST(ReduceByKey, AFailedUnitHasNoPartInIt) {
  const auto give = [](std::uint64_t unit, auto& emit) {
    for (std::uint64_t i = 0; i <= unit; ++i) {
      if (unit % 10 == 3 && i == unit) throw std::runtime_error("half-way");
      emit({i % 5, 1});
    }
  };
  std::map<std::uint64_t, std::uint64_t> model;
  for (std::uint64_t unit = 0; unit < 100; ++unit) {
    for (std::uint64_t i = 0; unit % 10 != 3 && i <= unit; ++i) ++model[i % 5];
  }
  const auto pairs = Flow("failing").range(100).flat_map<std::pair<std::uint64_t, std::uint64_t>>(give);
  for (const std::uint64_t batch : {1U, 9U, 100U}) {
    const auto exact = testing::run(pairs.reduce_by_key(std::plus<>{}).rows("sums"), {.batch = batch});
    const auto rows = exact.rows<std::pair<std::uint64_t, std::uint64_t>>("sums");
    EXPECT_EQ((std::map<std::uint64_t, std::uint64_t>(rows.begin(), rows.end())), model);
    EXPECT_EQ(exact.failed_before, 10U);
    EXPECT_EQ(exact.exit_code(), 1);
    EXPECT_EQ(exact.dead_letters.size(), 10U);
    const auto folded = testing::run(
        pairs.reduce_by_key([](std::uint64_t a, std::uint64_t b) { return a + b; }).rows("sums"), {.batch = batch});
    EXPECT_EQ((folded.rows<std::pair<std::uint64_t, std::uint64_t>>("sums")), rows);
  }
}

TEST(ReduceByKey, ARejectedRecordHasNoPartInItAndItsUnitHas) {
  const auto pairs =
      Flow("rejected").range(50).flat_map<std::pair<std::uint64_t, std::uint64_t>>([](std::uint64_t unit, auto& emit) {
        emit({0, 1});
        if (unit % 5 == 0) throw Rejected("no");
        emit({1, 1});
      });
  const auto result = testing::run(pairs.reduce_by_key(std::plus<>{}).rows("sums"), {.batch = 7});
  EXPECT_THAT((result.rows<std::pair<std::uint64_t, std::uint64_t>>("sums")),
              UnorderedElementsAre(std::pair(0, 40), std::pair(1, 40)));
  EXPECT_EQ(result.rejected.size(), 10U);
  EXPECT_EQ(result.exit_code(), 0);
}

TEST(ReduceByKey, AStepBehindItMayFailAShardAndNoOther) {
  const auto pairs = Flow("behind").range(1000).map([](std::uint64_t unit) { return std::pair(unit, unit); });
  const auto result = testing::run(pairs.reduce_by_key(std::plus<>{})
                                       .map([](const std::pair<std::uint64_t, std::uint64_t>& item) {
                                         if (item.first == 77) throw std::runtime_error("of 77");
                                         return item;
                                       })
                                       .rows("rows"));
  ASSERT_EQ(result.dead_letters.size(), 1U);
  EXPECT_THAT(result.dead_letters[0].reason, HasSubstr("of 77"));
  EXPECT_LT((result.rows<std::pair<std::uint64_t, std::uint64_t>>("rows").size()), 1000U);
  EXPECT_GT((result.rows<std::pair<std::uint64_t, std::uint64_t>>("rows").size()), 950U);
}

TEST(ReduceByKey, AnOperationThatThrowsMakesItsShardADeadLetter) {
  const auto pairs = Flow("op").range(100).map([](std::uint64_t unit) { return std::pair(unit % 10, unit); });
  const auto op = [](std::uint64_t a, std::uint64_t b) {
    if (b == 55) throw std::runtime_error("of 55");
    return a + b;
  };
  const auto result = testing::run(pairs.reduce_by_key(op).rows("rows"));
  ASSERT_EQ(result.dead_letters.size(), 1U);
  EXPECT_THAT(result.dead_letters[0].reason, HasSubstr("of 55"));
  const auto rows = result.rows<std::pair<std::uint64_t, std::uint64_t>>("rows");
  EXPECT_GT(rows.size(), 5U);  // a shard may have several keys
  EXPECT_TRUE(std::none_of(rows.begin(), rows.end(), [](const auto& row) { return row.first == 5; }));
}

/// Does not take 33.
struct Picky : Sum<std::uint64_t> {
  static std::uint64_t lift(std::uint64_t item) {
    if (item == 33) throw std::runtime_error("of 33");
    return item;
  }
};

TEST(ReduceByKey, AMonoidThatDoesNotTakeAnItemFailsItsUnitAlone) {
  const auto pairs = Flow("picky").range(100).map([](std::uint64_t unit) { return std::pair(unit % 2, unit); });
  const auto result = testing::run(pairs.reduce_by_key(Picky{}).rows("rows"), {.batch = 50});
  ASSERT_EQ(result.dead_letters.size(), 1U);
  EXPECT_EQ(result.dead_letters[0].unit, 33U);
  EXPECT_THAT((result.rows<std::pair<std::uint64_t, std::uint64_t>>("rows")),
              UnorderedElementsAre(std::pair(0, 2450), std::pair(1, 2467)));
}

TEST(ReduceByKey, MayFollowAnother) {
  const auto lengths = Flow("twice")
                           .range(1000)
                           .map([](std::uint64_t unit) { return std::pair(std::to_string(unit), std::uint64_t{1}); })
                           .reduce_by_key(std::plus<>{})
                           .map([](const auto& item) { return std::pair(item.first.size(), item.second); })
                           .reduce_by_key(std::plus<>{})
                           .rows("lengths");
  EXPECT_THAT((testing::run(lengths).rows<std::pair<std::size_t, std::uint64_t>>("lengths")),
              UnorderedElementsAre(std::pair(1, 10), std::pair(2, 90), std::pair(3, 900)));
}

TEST(ReduceByKey, ItsStagesAreNamedAfterIt) {
  const auto job = Flow("words")
                       .range(1)
                       .map([](std::uint64_t u) { return std::pair(u, u); })
                       .reduce_by_key(std::plus<>{})
                       .rows("r");
  EXPECT_EQ(job.plan().name, "words: behind reduce_by_key");
  ASSERT_EQ(job.stages().stages.size(), 2U);
  EXPECT_EQ(job.stages().stages[0].name, "words: reduce_by_key");
  EXPECT_THAT(job.plan().description, HasSubstr("reduce_by_key(sum of unsigned integers)"));
}

TEST(GroupByKey, HasTheValuesInTheOrderOfTheUnits) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    std::map<std::string, std::string> model;
    for (std::uint64_t unit = 0; unit < kUnits; ++unit) {
      for (const auto& [key, value] : emissions(seed, unit)) model[key] += std::to_string(value) + ",";
    }
    const auto job = Flow("groups")
                         .range(kUnits)
                         .flat_map([seed](std::uint64_t unit) { return emissions(seed, unit); })
                         .group_by_key()
                         .map([](Group<std::string, std::int64_t>& group) {
                           std::string text;
                           for (const std::int64_t value : group) text += std::to_string(value) + ",";
                           return std::pair(group.key, text);
                         })
                         .rows("groups");
    for (const std::uint64_t batch : {1U, 13U, 1000U}) {
      const auto rows = testing::run(job, {.batch = batch}).rows<std::pair<std::string, std::string>>("groups");
      EXPECT_EQ(rows.size(), model.size());
      EXPECT_EQ((std::map<std::string, std::string>(rows.begin(), rows.end())), model);
    }
  }
}

TEST(GroupByKey, WhatAStepLeavesIsPassedOver) {
  const auto job = Flow("firsts")
                       .range(100)
                       .map([](std::uint64_t unit) { return std::pair(unit % 3, std::to_string(unit)); })
                       .group_by_key()
                       .filter([](const auto& group) { return group.key != 1; })
                       .map([](auto& group) { return std::string(*group.begin()); })
                       .rows("firsts");
  EXPECT_THAT(testing::run(job, {.batch = 9}).rows<std::string>("firsts"), UnorderedElementsAre("0", "2"));
}

TEST(Distinct, GivesEachItemOnce) {
  const auto job = Flow("distinct").range(1000).map([](std::uint64_t unit) { return unit * unit % 100; }).distinct();
  std::map<std::uint64_t, int> model;
  for (std::uint64_t unit = 0; unit < 1000; ++unit) model[unit * unit % 100] = 1;
  std::map<std::uint64_t, int> found;
  for (const std::uint64_t item : testing::run(job.rows("r"), {.batch = 11}).rows<std::uint64_t>("r")) ++found[item];
  EXPECT_EQ(found, model);
  EXPECT_EQ(testing::run(job.reduce(Count{})).value, model.size());
}

/// The reasons of the units behind the step.
template <class Result>
std::string reasons_of(const Result& result) {
  std::string all;
  for (const auto& letter : result.dead_letters) all += letter.reason + "\n";
  return all;
}

TEST(ReduceByKey, WhatThrowsForAKeyNamesIt) {
  const auto pairs =
      Flow("named").range(100).map([](std::uint64_t n) { return std::pair("k" + std::to_string(n % 3), n); });
  const auto bad = [](std::uint64_t a, std::uint64_t b) {
    if (std::max(a, b) == 99) throw std::runtime_error("bad sum");
    return std::max(a, b);
  };
  EXPECT_EQ(reasons_of(testing::run(pairs.reduce_by_key(bad).rows("sums"))), "exception: bad sum (at the key 'k0')\n");
  const auto numbered =
      Flow("numbered").range(100).map([](std::uint64_t n) { return std::pair(std::pair(n % 3, -1), n); });
  EXPECT_EQ(reasons_of(testing::run(numbered.group_by_key()
                                        .map([](auto& group) {
                                          if (group.key.first == 2) throw std::runtime_error("bad group");
                                          return group.key.first;
                                        })
                                        .rows("groups"))),
            "exception: bad group (at the key (2, -1))\n");
  const auto long_key =
      Flow("long").range(1).map([](std::uint64_t n) { return std::pair(std::string(500, 'x') + "\n", n); });
  const std::string cut = reasons_of(testing::run(long_key.reduce_by_key(std::plus<>{})
                                                      .map([](const auto& item) -> std::uint64_t {
                                                        if (item.second == 0) throw std::runtime_error("bad");
                                                        return item.second;
                                                      })
                                                      .rows("sums")));
  EXPECT_EQ(cut, "exception: bad (at the key '" + std::string(59, 'x') + "…)\n");
}

}  // namespace
}  // namespace kiln
