#include <kiln/kiln.hpp>
#include <kiln/testing.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Keys that are empty, no numbers, or all the same: as docs/library.md says, "Steps by key".
namespace kiln {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

/// Key, or 77 for NaN; and how many items had it.
using Shown = std::pair<double, std::int64_t>;
template <class T>
Shown shown(const std::pair<T, std::int64_t>& one) {
  return {std::isnan(one.first) ? 77 : static_cast<double>(one.first), one.second};
}

template <class T>
auto with_odd_keys() {
  const T nan = std::numeric_limits<T>::quiet_NaN();
  const T other = std::nexttoward(-nan, T{0});
  return Flow("odd").items(std::vector<T>{nan, 0, -nan, T{-0.0}, 1, other, 0, std::numeric_limits<T>::infinity()});
}

template <class T>
void expect_odd_keys() {
  const auto keys = with_odd_keys<T>();
  const auto each = keys.map([](T key) { return std::pair(key, std::int64_t{1}); });
  const T infinity = std::numeric_limits<T>::infinity();
  const auto expected = UnorderedElementsAre(Pair(77, 3), Pair(0, 3), Pair(1, 1), Pair(double{infinity}, 1));
  for (const std::uint64_t batch : {1U, 100U}) {
    EXPECT_THAT(testing::run(each.reduce_by_key(std::plus<>{}).map(shown<T>).rows("t"), {.batch = batch})
                    .template rows<Shown>("t"),
                expected);
    const auto counted = each.group_by_key().map([](auto& group) {
      std::pair<T, std::int64_t> count(group.key, 0);
      for (const std::int64_t value : group) count.second += value;
      return shown(count);
    });
    EXPECT_THAT(testing::run(counted.rows("t"), {.batch = batch}).template rows<Shown>("t"), expected);
    EXPECT_EQ(testing::run(keys.distinct().reduce(Count{}), {.batch = batch}).value, 4U);
    // 3 times 3 for NaN, 3 times 3 for zero, and two keys with one item each.
    const auto sides = each.template copy<2>();
    EXPECT_EQ(testing::run(sides[0].join_by_key(sides[1]).reduce(Count{}), {.batch = batch}).value, 20U);
  }
}

TEST(OddKeys, AllNaNAreOneKeyAndBothZerosAre) {
  expect_odd_keys<double>();
  expect_odd_keys<float>();
}

TEST(OddKeys, EmptyOnesAreKeysLikeOthers) {
  const auto items = Flow("empty").items(std::vector<std::string>{"", "a", "", std::string(1, '\0')});
  const auto each = items.map([](const std::string& key) { return std::pair(key, std::int64_t{1}); });
  const auto counts = testing::run(each.reduce_by_key(std::plus<>{}).rows("t"));
  EXPECT_THAT((counts.rows<std::pair<std::string, std::int64_t>>("t")),
              UnorderedElementsAre(Pair("", 2), Pair("a", 1), Pair(std::string(1, '\0'), 1)));
  EXPECT_THAT(testing::run(items.sort().rows("t")).rows<std::string>("t"),
              ElementsAre("", "", std::string(1, '\0'), "a"));
  const auto lists = Flow("lists").range(4).map(
      [](std::uint64_t n) { return std::pair(std::vector<std::uint64_t>(n / 2), std::int64_t{1}); });
  EXPECT_EQ(testing::run(lists.reduce_by_key(std::plus<>{}).reduce(Count{})).value, 2U);
}

TEST(OddKeys, OneOfMoreThan2GiBFailsItsUnitAlone) {
  const auto key_of = [](std::uint64_t n) {
    // Its bytes are not looked at.
    return n == 1 ? std::string_view("", std::size_t{1} << 31U) : std::string_view("key");
  };
  const auto numbers = Flow("huge").range(3);
  const auto pairs = numbers.map([key_of](std::uint64_t n) { return std::pair(key_of(n), std::int64_t{1}); });
  const auto expect_refused = [](const auto& result) {
    EXPECT_EQ(result.exit_code(), 1);
    ASSERT_EQ(result.dead_letters.size(), 1U);
    EXPECT_EQ(result.dead_letters[0].unit, 1U);
    EXPECT_THAT(result.dead_letters[0].reason,
                HasSubstr("a key of 2147483648 bytes: keys may have up to 2147483647; emit a shorter one"));
  };
  const auto sums = testing::run(pairs.reduce_by_key(std::plus<>{}).rows("t"));
  expect_refused(sums);
  EXPECT_THAT((sums.rows<std::pair<std::string, std::int64_t>>("t")), ElementsAre(Pair("key", 2)));
  expect_refused(testing::run(numbers.sort(key_of).reduce(Count{})));
  expect_refused(testing::run(numbers.map(key_of).distinct().reduce(Count{})));
}

TEST(OddKeys, OfOneKeyAllMeetInOneShard) {
  const auto each = Flow("one").range(5000).map([](std::uint64_t n) { return std::pair(std::string("key"), n); });
  const auto ordered = each.group_by_key().map([](auto& group) {
    std::uint64_t next = 0;
    for (const std::uint64_t value : group) next += value == next ? 1 : 0;
    return next;
  });
  EXPECT_THAT(testing::run(ordered.rows("t"), {.batch = 7}).rows<std::uint64_t>("t"), ElementsAre(5000U));
  EXPECT_EQ(testing::run(each.sort([](const auto& one) { return one.first; }).reduce(Count{}), {.batch = 7}).value,
            5000U);
}

}  // namespace
}  // namespace kiln
