#include <kiln/detail/explain.hpp>
#include <kiln/kiln.hpp>
#include <kiln/monoids.hpp>
#include <kiln/testing.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace kiln {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using Numbers = std::vector<std::uint64_t>;

auto numbers(std::uint64_t units) {
  return Flow("numbers").range(units).flat_map([](std::uint64_t unit) { return Numbers{unit * 2, unit * 2 + 1}; });
}

TEST(Shard, EqualKeysMeetInOneUnitInTheOrderOfTheSource) {
  const auto job = numbers(500).shard([](std::uint64_t n) { return n % 37; }, 16).rows("all");
  for (const std::uint64_t batch : {1U, 7U, 1000U}) {
    const auto result = testing::run(job, {.batch = batch});
    EXPECT_EQ(result.counts.units, 16U);
    const Numbers all = result.rows<std::uint64_t>("all");
    const auto& units = result.units("all");
    ASSERT_THAT(all, SizeIs(1000));
    std::map<std::uint64_t, std::set<std::uint64_t>> units_of_key;
    std::map<std::uint64_t, std::uint64_t> last_of_unit;
    for (std::size_t i = 0; i < all.size(); ++i) {
      units_of_key[all[i] % 37].insert(units[i]);
      const auto [last, is_first] = last_of_unit.try_emplace(units[i], all[i]);
      if (is_first) continue;
      EXPECT_LT(std::exchange(last->second, all[i]), all[i]);
    }
    for (const auto& [key, in] : units_of_key) EXPECT_THAT(in, SizeIs(1)) << key;
    EXPECT_GT(last_of_unit.size(), 10U);
  }
}

TEST(Shard, ByRangesOfKeysAndByNumber) {
  const auto in_ranges = numbers(5).shard([](std::uint64_t n) { return n; }, by_range(Numbers{3, 7})).rows("all");
  EXPECT_THAT(testing::run(in_ranges).units("all"), ElementsAre(0, 0, 0, 1, 1, 1, 1, 2, 2, 2));
  EXPECT_THROW((void)by_range(Numbers{2, 1}), Error);

  const auto by_last = [](std::uint64_t n) { return 1 - static_cast<int>(n % 2); };
  const auto numbered = testing::run(numbers(3).shard(by_last, by_number(2)).rows("all"));
  EXPECT_THAT(numbered.rows<std::uint64_t>("all"), ElementsAre(1, 3, 5, 0, 2, 4));
  const auto outside = testing::run(numbers(3).shard([](std::uint64_t n) { return n; }, by_number(4)).rows("all"));
  EXPECT_EQ(outside.failed_before, 1U);
  EXPECT_THAT(outside.dead_letters.front().reason, HasSubstr("by gave 4 for an item, and there are shards 0 to 3"));
}

TEST(Shard, AsAWhole) {
  const auto job = numbers(100)
                       .map([](std::uint64_t n) { return "number " + std::to_string(n); })
                       .shard([](const std::string& text) { return text.size(); }, by_number(20))
                       .map_shard([](Shard<std::string>& shard) {
                         std::uint64_t count = 0;
                         for (const std::string_view text : shard) count += text.empty() ? 0 : 1;
                         return std::pair(shard.number, count);
                       })
                       .rows("counts");
  using Pair = std::pair<std::uint64_t, std::uint64_t>;
  EXPECT_THAT(testing::run(job, {.batch = 3}).rows<Pair>("counts"),
              ElementsAre(Pair(8, 10), Pair(9, 90), Pair(10, 100)));
}

TEST(JoinStep, KeepsTheOrderOfTheSource) {
  for (const std::uint64_t units : {10U, 9000U}) {
    const auto job = numbers(units).join().rows("all");
    EXPECT_THAT(job.stages().stages, SizeIs(2));
    for (const std::uint64_t batch : {7U, 1000U}) {
      const Numbers all = testing::run(job, {.batch = batch}).rows<std::uint64_t>("all");
      ASSERT_EQ(all.size(), 2 * units);
      for (std::uint64_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], i);
    }
  }
  EXPECT_EQ(testing::run(numbers(9000).join().reduce(Count{})).counts.units, 3000U);  // three together
}

TEST(JoinStep, MayBeMergedWithWhatItsOwnStreamGaveByKey) {
  auto [one, other] = numbers(50).copy<2>();
  const auto sums = one.map([](std::uint64_t n) { return std::pair(n % 5, n); }).reduce_by_key(std::plus<>{});
  const auto pairs = other.map([](std::uint64_t n) { return std::pair(n, n); }).join();
  EXPECT_EQ(testing::run(pairs.merge(sums).reduce(Count{})).value, 105U);
}

TEST(Cache, RunsWhatIsInFrontOnce) {
  auto ran = std::make_shared<std::atomic<int>>(0);
  const auto cached = Flow("cached")
                          .range(30)
                          .map([ran](std::uint64_t n) {
                            ++*ran;
                            return n;
                          })
                          .cache();
  const auto result = testing::run(cached.reduce(Count{}).join([cached](std::uint64_t count) {
    return cached.filter([count](std::uint64_t n) { return n * 2 < count; }).rows("half");
  }));
  EXPECT_EQ(ran->load(), 30);
  EXPECT_THAT(result.rows<std::uint64_t>("half"), SizeIs(15));
  // Two jobs that run together may read it, each in a stage of its own.
  const auto both = testing::run(together(cached.reduce(Count{}, "a"), cached.reduce(Sum<std::uint64_t>{}, "b")));
  EXPECT_EQ(both.values, std::tuple(std::uint64_t{30}, std::uint64_t{435}));
  EXPECT_EQ(ran->load(), 60);
}

TEST(Explain, SaysStagesStrandsAndShuffles) {
  auto [one, other] = numbers(50).copy<2>();
  const auto sums = one.map([](std::uint64_t n) { return std::pair(n % 5, n); }).reduce_by_key(std::plus<>{});
  const auto job = together(sums.rows("sums"), other.reduce(Count{}, "all"));
  EXPECT_EQ(detail::explain(job.stages()),
            "2 stages; the steps of a line run as one loop, and no item is stored between them\n"
            "\n"
            "stage 0 'numbers'\n"
            "  range(50) | flat_map -> copy<2>#1.0\n"
            "  copy<2>#1.0 | map -> reduce_by_key(sum of unsigned integers)\n"
            "  copy<2>#1.1 -> reduce all (count)\n"
            "  shuffles by reduce_by_key(sum of unsigned integers), through files of the run directory\n"
            "\n"
            "stage 1 'numbers: behind reduce_by_key', behind 0: reads what it kept\n"
            "  reduce_by_key(sum of unsigned integers) in 256 shards -> rows sums\n");
  EXPECT_EQ(
      detail::stage_line(job.stages().stages[0], 4),
      "stage 4 'numbers': range(50) | flat_map -> copy<2>#1.0; copy<2>#1.0 | map -> reduce_by_key(sum of unsigned "
      "integers); copy<2>#1.1 -> reduce all (count), through files");
  EXPECT_EQ(detail::stage_line(job.stages().stages[1], 5),
            "stage 5 'numbers: behind reduce_by_key': reduce_by_key(sum of unsigned integers) in 256 shards -> rows "
            "sums");
}

TEST(Explain, OneLineOfAStageIsShort) {
  const auto line = [](const auto& job) { return detail::stage_line(job.stages().stages[0], 0); };
  EXPECT_EQ(line(numbers(5).rows("all")), "stage 0 'numbers': range(5) | flat_map -> rows all");
  EXPECT_EQ(line(numbers(5).rows(std::string(80, 'x'))), "") << "one strand, and no short line";
  const auto parts = numbers(5).copy<9>();
  const auto many =
      together(parts[0].rows("a"), parts[1].rows("b"), parts[2].rows("c"), parts[3].rows("d"), parts[4].rows("e"),
               parts[5].rows("f"), parts[6].rows("g"), parts[7].rows("h"), parts[8].rows("i"));
  EXPECT_LT(line(many).size(), 230U);
  EXPECT_TRUE(line(many).ends_with(" more (--explain)")) << line(many);
}

}  // namespace
}  // namespace kiln
