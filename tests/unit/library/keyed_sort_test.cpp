#include <kiln/kiln.hpp>
#include <kiln/testing.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace kiln {
namespace {

using ::testing::ElementsAre;

struct Item {
  std::string text;
  std::int32_t number = 0;
  double value = 0;
  std::string from;
  bool operator==(const Item&) const = default;
};
KILN_COLUMNS(Item, text, number, value, from)

/// Many have equal texts or numbers; some texts are the beginning of others.
std::vector<Item> items_of(std::uint64_t seed, std::uint64_t unit) {
  std::mt19937_64 random(seed * 1'000'003 + unit);
  std::vector<Item> items;
  for (std::uint64_t i = random() % 12; i != 0; --i) {
    Item item;
    item.text = std::string(random() % 3 * 6, random() % 2 == 0 ? '\0' : '\xff') + std::to_string(random() % 20);
    item.number = static_cast<std::int32_t>(random() % 9) - 4;
    item.value = random() % 2 == 0 ? -0.5 : 1.0 / static_cast<double>(1 + random() % 30);
    item.from = std::to_string(unit) + "." + std::to_string(i);
    items.push_back(item);
  }
  return items;
}

constexpr std::uint64_t kUnits = 120;

std::vector<Item> all_items(std::uint64_t seed) {
  std::vector<Item> all;
  for (std::uint64_t unit = 0; unit < kUnits; ++unit) {
    for (Item& item : items_of(seed, unit)) all.push_back(std::move(item));
  }
  return all;
}
auto stream_of(std::uint64_t seed) {
  return Flow("items").range(kUnits).flat_map([seed](std::uint64_t unit) { return items_of(seed, unit); });
}

/// Whatever the batches, and so the runs, rows come as std::stable_sort by the same keys gives them.
template <class By>
void expect_sorted(By by) {
  for (std::uint64_t seed = 0; seed < 5 && !::testing::Test::HasFailure(); ++seed) {
    std::vector<Item> model = all_items(seed);
    std::stable_sort(model.begin(), model.end(), [&](const Item& a, const Item& b) { return by(a) < by(b); });
    const auto job = stream_of(seed).sort(by).rows("t");
    for (const std::uint64_t batch : {1U, 9U, 1000U}) {
      EXPECT_EQ(testing::run(job, {.batch = batch}).template rows<Item>("t"), model) << "seed " << seed;
    }
  }
}

TEST(Sort, IsAStableSortByTextByNumbersAndByTuples) {
  expect_sorted([](const Item& item) { return item.text; });
  expect_sorted([](const Item& item) { return std::string_view(item.text); });
  expect_sorted([](const Item& item) { return item.number; });
  expect_sorted([](const Item& item) { return item.value; });
  expect_sorted([](const Item& item) { return std::tuple(item.number, item.text, item.value); });
}

TEST(Sort, OfEqualKeysKeepsTheOrderOfTheUnits) {
  expect_sorted([](const Item&) { return std::string("same"); });
  expect_sorted([](const Item& item) { return item.number > 3; });
}

TEST(Sort, DescendingTurnsAKeyOrAPartOfItRound) {
  std::vector<Item> model = all_items(1);
  std::stable_sort(model.begin(), model.end(), [](const Item& a, const Item& b) {
    return a.text != b.text ? a.text > b.text : a.number != b.number ? a.number < b.number : a.value > b.value;
  });
  const auto by = [](const Item& item) {
    return std::tuple(descending(item.text), item.number, descending(item.value));
  };
  EXPECT_EQ(testing::run(stream_of(1).sort(by).rows("t")).rows<Item>("t"), model);
}

TEST(Sort, ItemsThatAreTheirOwnKeys) {
  std::vector<std::string> texts;
  std::vector<double> values;
  std::vector<std::int32_t> numbers;
  for (const Item& item : all_items(2)) {
    texts.push_back(item.text);
    values.push_back(item.value);
    numbers.push_back(item.number);
  }
  std::sort(texts.begin(), texts.end());
  std::sort(values.begin(), values.end());
  std::sort(numbers.begin(), numbers.end());
  const auto text = stream_of(2).map([](const Item& item) { return item.text; });
  EXPECT_EQ(testing::run(text.sort().rows("t"), {.batch = 7}).rows<std::string>("t"), texts);
  const auto value = stream_of(2).map([](const Item& item) { return item.value; });
  EXPECT_EQ(testing::run(value.sort().rows("t"), {.batch = 7}).rows<double>("t"), values);
  const auto number = stream_of(2).map([](const Item& item) { return item.number; });
  EXPECT_EQ(testing::run(number.sort().rows("t"), {.batch = 7}).rows<std::int32_t>("t"), numbers);
}

TEST(Sort, NaNIsLastBothWaysAndItemsKeepTheirBits) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  const auto stream = Flow("nan").items(std::vector<double>{nan, 1, -0.0, infinity, nan, 0.0, -infinity, -2});
  const auto shown = [](const std::vector<double>& values) {
    std::string text;
    for (const double value : values)
      text += std::to_string(value == value ? value : 77) + (std::signbit(value) ? "- " : " ");
    return text;
  };
  const auto rows = [](const auto& sorted) { return testing::run(sorted.rows("t")).template rows<double>("t"); };
  EXPECT_EQ(shown(rows(stream.sort())), shown({-infinity, -2, -0.0, 0.0, 1, infinity, 77, 77}));
  EXPECT_EQ(shown(rows(stream.sort([](double x) { return descending(x); }))),
            shown({infinity, 1, -0.0, 0.0, -2, -infinity, 77, 77}));
  EXPECT_EQ(shown(rows(stream.top_k(7))), shown({infinity, 1, -0.0, 0.0, -2, -infinity, 77}));
}

TEST(Sort, OfNothingAndOfOneItem) {
  for (const std::uint64_t units : {0U, 1U}) {
    const auto stream = Flow("few").range(units).map([](std::uint64_t) { return std::string("one"); });
    EXPECT_EQ(testing::run(stream.sort().rows("t")).rows<std::string>("t").size(), units);
    EXPECT_EQ(testing::run(stream.sort().ranges().map([](auto& range) { return range.first(); }).rows("t"))
                  .rows<std::uint64_t>("t")
                  .size(),
              units);
  }
}

/// Rows with the unit that gave each: the ranges.
auto ranges_of(const Job<>& job, std::uint64_t batch) {
  const auto result = testing::run(job, {.batch = batch});
  return std::pair(result.rows<Item>("t"), result.units("t"));
}

TEST(Sort, RangesAreTheSameHoweverTheRunsWereCutAndOfAboutEqualBytes) {
  const auto stream = Flow("many").range(400).flat_map([](std::uint64_t unit) {
    std::mt19937_64 random(unit);
    std::vector<Item> items(100);
    for (Item& item : items) {
      item.number = static_cast<std::int32_t>(random() % 1'000'000);
      item.text = std::string(item.number < 500'000 ? 10 : 70, 'x');  // more bytes in the upper half
    }
    return items;
  });
  const auto job = stream.sort([](const Item& item) { return item.number; }).rows("t");
  const auto first = ranges_of(job, 400);
  std::vector<std::uint64_t> bytes(256);
  for (std::size_t i = 0; i < first.first.size(); ++i) bytes[first.second[i]] += 40 + first.first[i].text.size();
  std::uint64_t all = 0;
  for (const std::uint64_t one : bytes) all += one;
  for (const std::uint64_t one : bytes) {
    EXPECT_LT(one, 3 * all / 256);
    EXPECT_GT(one, all / 256 / 4);
  }
  EXPECT_EQ(ranges_of(job, 7), first);
}

TEST(Sort, ManyEqualKeysAreSpreadOverTheRangesInTheirOrder) {
  const auto stream = Flow("equal").range(2000).flat_map([](std::uint64_t unit) {
    return std::vector<Item>(20, Item{"same", 0, static_cast<double>(unit), ""});
  });
  const auto [rows, units] = ranges_of(stream.sort([](const Item& item) { return item.text; }).rows("t"), 50);
  ASSERT_EQ(rows.size(), 40'000U);
  EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end(), [](const Item& a, const Item& b) { return a.value < b.value; }));
  EXPECT_GT(std::set<std::uint64_t>(units.begin(), units.end()).size(), 200U);
}

TEST(Sort, ARangeKnowsHowManyItemsComeBefore) {
  std::vector<Item> model = all_items(3);
  const auto by = [](const Item& item) { return item.text; };
  std::stable_sort(model.begin(), model.end(), [&](const Item& a, const Item& b) { return by(a) < by(b); });
  const auto placed = stream_of(3).sort(by).ranges().flat_map([](auto& range) {
    std::vector<std::pair<std::uint64_t, std::string>> rows;
    for (const Item& item : range) rows.emplace_back(range.first() + rows.size(), item.from);
    return rows;
  });
  for (const std::uint64_t batch : {1U, 50U}) {
    const auto rows = testing::run(placed.rows("t"), {.batch = batch}).rows<std::pair<std::uint64_t, std::string>>("t");
    ASSERT_EQ(rows.size(), model.size());
    for (std::size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(rows[i], std::pair(std::uint64_t{i}, model[i].from));
  }
}

TEST(Sort, AFailedUnitHasNoPartInItAndRejectedRecordsNeither) {
  const auto stream = Flow("bad").range(30).flat_map([](std::uint64_t unit) {
    if (unit == 7) throw std::runtime_error("bad");
    if (unit == 9) throw Rejected("no");
    return std::vector<std::uint64_t>{100 - unit, unit};
  });
  const auto result = testing::run(stream.sort().rows("t"), {.batch = 4});
  const auto rows = result.rows<std::uint64_t>("t");
  EXPECT_EQ(rows.size(), 56U);
  EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end()));
  EXPECT_EQ(std::count(rows.begin(), rows.end(), 7) + std::count(rows.begin(), rows.end(), 91), 0);
  EXPECT_EQ(result.failed_before, 1U);
  EXPECT_EQ(result.rejected.size(), 1U);
}

TEST(TopK, GivesTheGreatestInOrderOfEqualOnesThoseOfLowUnits) {
  const auto by = [](const Item& item) { return item.number; };
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    std::vector<Item> model = all_items(seed);
    std::stable_sort(model.begin(), model.end(), [&](const Item& a, const Item& b) { return by(b) < by(a); });
    for (const std::size_t k : {std::size_t{0}, std::size_t{1}, std::size_t{17}, std::size_t{5000}}) {
      std::vector<Item> top(model.begin(), model.begin() + static_cast<std::ptrdiff_t>(std::min(k, model.size())));
      for (const std::uint64_t batch : {1U, 9U, 1000U}) {
        EXPECT_EQ(testing::run(stream_of(seed).top_k(k, by).rows("t"), {.batch = batch}).rows<Item>("t"), top);
      }
    }
  }
}

TEST(TopK, DoesNotHoldWhatCannotBeAmongThem) {
  using Forest = detail::SortedForest<std::uint64_t, std::string>;
  Forest forest(10);
  for (std::uint64_t unit = 0; unit < 300; ++unit) {
    forest.begin_unit(UnitId(unit));
    for (std::uint64_t i = 0; i < 100; ++i) forest.emit(unit * 7919 % 300 * 100 + i, std::string(200, 'x'));
    forest.end_unit();
    EXPECT_LT(forest.bytes(), std::size_t{4} << 20);
  }
}

}  // namespace
}  // namespace kiln
