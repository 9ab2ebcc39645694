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
#include <tuple>
#include <utility>
#include <vector>

namespace kiln {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// How the keys of a side are drawn.
enum class Keys { many, few, one, skewed };

std::uint64_t draw_key(Keys keys, std::mt19937_64& random) {
  switch (keys) {
    case Keys::many:
      return random() % 500;
    case Keys::few:
      return random() % 5;
    case Keys::one:
      return 7;
    case Keys::skewed:
      break;
  }
  return random() % (std::uint64_t{1} << (random() % 10));
}

template <class K>
K key_of(std::uint64_t number);
template <>
std::uint64_t key_of(std::uint64_t number) {
  return number;
}
template <>
std::string key_of(std::uint64_t number) {
  std::string key(number % 4 * 9, 'k');
  if (number % 5 == 0) key.push_back('\0');
  return key + (number == 3 ? "" : std::to_string(number));
}
template <>
std::tuple<std::string, std::int32_t> key_of(std::uint64_t number) {
  return {std::string(number % 3, '\0'), 2 - static_cast<std::int32_t>(number)};
}

/// Items of a unit of a side; `side` and `unit` can be told from the values.
template <class K>
std::vector<std::pair<K, std::string>> items_of(std::uint64_t seed, char side, Keys keys, std::uint64_t unit) {
  std::mt19937_64 random(seed * 1000 + unit * 2 + static_cast<std::uint64_t>(side));
  std::vector<std::pair<K, std::string>> items;
  for (std::uint64_t i = random() % 6; i != 0; --i) {
    items.emplace_back(key_of<K>(draw_key(keys, random)), side + std::to_string(unit) + "." + std::to_string(i));
  }
  return items;
}

template <class K>
auto side(std::uint64_t seed, char name, Keys keys, std::uint64_t units) {
  return Flow(std::string(1, name)).range(units).flat_map([=](std::uint64_t unit) {
    return items_of<K>(seed, name, keys, unit);
  });
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// All pairs of each key: items of the left side in their order, for each those of the right side in theirs.
template <class K>
std::map<K, Pairs> joined(std::uint64_t seed, Keys left, std::uint64_t left_units, Keys right,
                          std::uint64_t right_units) {
  std::map<K, std::pair<std::vector<std::string>, std::vector<std::string>>> sides;
  for (std::uint64_t unit = 0; unit < left_units; ++unit) {
    for (auto& [key, value] : items_of<K>(seed, 'l', left, unit)) sides[key].first.push_back(value);
  }
  for (std::uint64_t unit = 0; unit < right_units; ++unit) {
    for (auto& [key, value] : items_of<K>(seed, 'r', right, unit)) sides[key].second.push_back(value);
  }
  std::map<K, Pairs> pairs;
  for (const auto& [key, both] : sides) {
    for (const std::string& one : both.first) {
      for (const std::string& other : both.second) pairs[key].emplace_back(one, other);
    }
  }
  return pairs;
}

/// Of random sides, whatever the batches: the pairs of the model, each key in one piece, in one order.
template <class K>
void expect_model(std::uint64_t seed, Keys left, std::uint64_t left_units, Keys right, std::uint64_t right_units) {
  const auto model = joined<K>(seed, left, left_units, right, right_units);
  using Joined = std::pair<K, std::pair<std::string, std::string>>;
  const auto job = side<K>(seed, 'l', left, left_units)
                       .join_by_key(side<K>(seed, 'r', right, right_units))
                       .reduce(Collect<Joined>{});
  std::vector<Joined> first;
  for (const std::uint64_t batch : {1U, 7U, 300U}) {
    const auto all = testing::run(job, {.batch = batch}).value;
    std::map<K, Pairs> found;
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_TRUE(i == 0 || all[i - 1].first == all[i].first || !found.contains(all[i].first)) << "key in two pieces";
      found[all[i].first].push_back(all[i].second);
    }
    EXPECT_EQ(found, model) << "seed " << seed << ", batch " << batch;
    if (first.empty()) first = all;
    EXPECT_EQ(all, first);
  }
}

TEST(JoinByKey, GivesAllPairsOfEachKeyInTheOrderOfTheUnits) {
  for (std::uint64_t seed = 0; seed < 6 && !::testing::Test::HasFailure(); ++seed) {
    for (const Keys left : {Keys::many, Keys::few, Keys::skewed}) {
      for (const Keys right : {Keys::many, Keys::skewed, Keys::one}) {
        expect_model<std::uint64_t>(seed, left, 60, right, 40);
        expect_model<std::string>(seed, left, 40, right, 60);
        expect_model<std::tuple<std::string, std::int32_t>>(seed, left, 30, right, 30);
      }
    }
  }
}

TEST(JoinByKey, OfOneKeyEveryItemMeetsEveryItem) { expect_model<std::string>(1, Keys::one, 50, Keys::one, 40); }

TEST(JoinByKey, WithAnEmptySideThereAreNoPairs) {
  for (const auto& [left, right] : {std::pair(0U, 50U), std::pair(50U, 0U), std::pair(0U, 0U)}) {
    EXPECT_TRUE((joined<std::string>(3, Keys::few, left, Keys::few, right).empty()));
    expect_model<std::string>(3, Keys::few, left, Keys::few, right);
  }
}

TEST(JoinByKey, SidesMayBeStepsByKeyThemselves) {
  auto [items, others] = side<std::string>(5, 'l', Keys::skewed, 80).copy<2>();
  const auto both_counts = others.map([](const auto& item) { return std::pair(item.first, std::uint64_t{1}); })
                               .reduce_by_key(std::plus<>{})
                               .copy<2>();
  const auto twice = both_counts[0].join_by_key(both_counts[1]);
  std::map<std::string, std::uint64_t> model;
  for (std::uint64_t unit = 0; unit < 80; ++unit) {
    for (const auto& item : items_of<std::string>(5, 'l', Keys::skewed, unit)) ++model[item.first];
  }
  using Joined = std::pair<std::string, std::pair<std::uint64_t, std::uint64_t>>;
  const auto job = twice.reduce(Collect<Joined>{});
  for (const std::uint64_t batch : {1U, 50U}) {
    const auto all = testing::run(job, {.batch = batch}).value;
    EXPECT_EQ(all.size(), model.size());
    for (const auto& [key, both] : all) EXPECT_EQ(both, std::pair(model.at(key), model.at(key))) << key;
  }
  // And what comes out may be joined again.
  const auto again = twice.map([](const Joined& one) { return std::pair(one.first, one.second.first); })
                         .join_by_key(items)
                         .reduce(Count{});
  std::uint64_t of_items = 0;
  for (const auto& [key, count] : model) of_items += count;
  EXPECT_EQ(testing::run(again).value, of_items);
}

TEST(JoinByKey, AFailedUnitOfEitherSideHasNoPartInIt) {
  const auto keyed = [](std::uint64_t bad) {
    return Flow("f").range(20).map([bad](std::uint64_t unit) {
      if (unit == bad) throw std::runtime_error("bad");
      return std::pair(unit, unit);
    });
  };
  const auto result =
      testing::run(keyed(3).join_by_key(keyed(5)).map([](const auto& item) { return item.first; }).rows("r"));
  auto rows = result.rows<std::uint64_t>("r");
  std::sort(rows.begin(), rows.end());
  EXPECT_THAT(rows, ElementsAre(0, 1, 2, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19));
  EXPECT_EQ(result.failed_before, 2U);
  EXPECT_EQ(result.dead_letters.size(), 2U);
  EXPECT_EQ(result.exit_code(), 1);
}

TEST(JoinByKey, RefusesAStreamThatIsReadTwice) {
  const auto pairs = Flow("self").range(10).map([](std::uint64_t u) { return std::pair(u % 3, u); });
  const auto sums = pairs.reduce_by_key(std::plus<>{});
  const auto refused = [](const auto& joined) -> std::string {
    try {
      (void)joined.reduce(Count{});
    } catch (const Error& error) {
      return error.what();
    }
    return "nothing was wrong";
  };
  const std::string why = "the stream of range(10) is read twice in one job: use copy<2>()";
  EXPECT_THAT(refused(pairs.join_by_key(pairs)), HasSubstr(why));
  EXPECT_THAT(refused(pairs.join_by_key(sums)), HasSubstr(why));
  EXPECT_THAT(refused(sums.join_by_key(sums)), HasSubstr("is read twice in one job: use copy<2>()"));
  const auto kept = pairs.cache();
  EXPECT_EQ(testing::run(kept.join_by_key(kept).reduce(Count{})).value, 34U) << "what is kept may be read again";
}

TEST(JoinByKey, KnowsWhichStagesReadItsRuns) {
  const auto pairs = [] { return Flow("p").range(10).map([](std::uint64_t u) { return std::pair(u % 3, u); }); };
  const auto sums = pairs().reduce_by_key(std::plus<>{});
  const auto job = pairs().join_by_key(sums).map([](const auto& item) { return item.first; }).rows("r");
  const auto& stages = job.stages().stages;
  ASSERT_EQ(stages.size(), 4U);
  EXPECT_EQ(stages[0].reader, 3U);  // the sums are two stages
  EXPECT_EQ(stages[1].reader, 1U);
  EXPECT_EQ(stages[2].reader, 1U);
  EXPECT_EQ(testing::run(job).rows<std::uint64_t>("r").size(), 10U);
}

}  // namespace
}  // namespace kiln
