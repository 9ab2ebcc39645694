#include <kiln/kiln.hpp>
#include <kiln/testing.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace kiln {
namespace {

using ::testing::HasSubstr;

constexpr std::uint64_t kUnits = 200;

/// A sum that rounds, and how many there were.
struct Total {
  double sum = 0;
  std::uint64_t count = 0;
};
KILN_COLUMNS(Total, sum, count)

Total add(const Total& a, const Total& b) { return {a.sum + b.sum, a.count + b.count}; }

using Emissions = std::vector<std::pair<std::string, Total>>;

Emissions emissions(std::uint64_t seed, std::uint64_t unit) {
  std::mt19937_64 random(seed * 1'000'003 + unit);
  Emissions all(random() % 60);
  for (auto& [key, total] : all) {
    key = std::to_string(random() % (std::uint64_t{1} << (random() % 10)));
    total = {std::ldexp(static_cast<double>(random()), static_cast<int>(random() % 40) - 80), 1};
  }
  return all;
}

/// Within the rounding of so many additions of numbers that are not negative.
void expect_near(const std::map<std::string, Total>& found, const std::map<std::string, Total>& model) {
  ASSERT_EQ(found.size(), model.size());
  for (const auto& [key, total] : model) {
    ASSERT_TRUE(found.contains(key)) << key;
    EXPECT_EQ(found.at(key).count, total.count) << key;
    EXPECT_NEAR(found.at(key).sum, total.sum, total.sum * static_cast<double>(total.count) * 0x1p-52) << key;
  }
}

struct KeyedTotal {
  std::string key;
  double sum = 0;
  std::uint64_t count = 0;
};
KILN_COLUMNS(KeyedTotal, key, sum, count)

template <class Result>
std::map<std::string, Total> totals_of(const Result& result) {
  std::map<std::string, Total> all;
  for (const auto& row : result.template rows<KeyedTotal>("totals")) all[row.key] = {row.sum, row.count};
  return all;
}

template <class Sums>
auto as_rows(const Sums& sums) {
  return sums
      .map([](const std::pair<std::string, Total>& one) {
        return KeyedTotal{one.first, one.second.sum, one.second.count};
      })
      .rows("totals");
}

TEST(Unordered, ValuesAgreeWithinRoundingAndEachCountsOnce) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    std::map<std::string, Total> model;
    for (std::uint64_t unit = 0; unit < kUnits; ++unit) {
      if (unit % 50 == 49) continue;
      for (const auto& [key, total] : emissions(seed, unit)) model[key] = add(model[key], total);
    }
    const auto sums =
        Flow("totals").range(kUnits).flat_map<std::pair<std::string, Total>>([seed](std::uint64_t unit, auto& emit) {
          for (const auto& one : emissions(seed, unit)) emit(one);
          if (unit % 50 == 49) throw std::runtime_error("has emitted, and fails");
        });
    const auto job = as_rows(sums.reduce_by_key(unordered(add)));
    for (const std::uint64_t batch : {1U, 13U, 1000U}) {
      const auto result = testing::run(job, {.batch = batch});
      EXPECT_EQ(result.failed_before, kUnits / 50);
      expect_near(totals_of(result), model);
    }
  }
}

/// What workers hold, with tables of few keys: all of it goes to runs again and again.
template <class Forest>
std::map<std::string, Total> totals_with(std::uint64_t seed, const std::function<std::unique_ptr<Forest>()>& make) {
  using Format = typename Forest::Format;
  std::mt19937_64 random(seed);
  detail::RunList runs;
  auto held = make();
  for (std::uint64_t unit = 0; unit < kUnits; ++unit) {
    auto chunk = make();
    chunk->begin_unit(UnitId(unit));
    for (const auto& [key, total] : emissions(seed, unit)) chunk->emit(key, total);
    chunk->end_unit();
    held->absorb(*chunk);
    if (random() % 8 != 0 && unit + 1 != kUnits) continue;
    runs.add(detail::decode_runs(*held->value()));
    held = make();
  }
  std::map<std::string, Total> found;
  for (const detail::RunReference& run : runs.runs) {
    for (const detail::RunPiece& piece : run.pieces) {
      const auto reader = detail::read_memory(run, piece);
      for (detail::RunCursor<Format> entries(*reader); !entries.ended(); entries.next()) {
        Total& total = found[std::string(entries.at().key)];
        total = add(total, Format::Values::decode(entries.at().value));
      }
    }
  }
  return found;
}

TEST(Unordered, WithLittleMemoryToo) {
  using M = decltype(detail::keyed_monoid<Total>(unordered(add)));
  static_assert(M::exact, "combined where it is emitted");
  using Forest = detail::CombinedForest<std::string, M, Total>;
  const M monoid = detail::keyed_monoid<Total>(unordered(add));
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    std::map<std::string, Total> model;
    for (std::uint64_t unit = 0; unit < kUnits; ++unit) {
      for (const auto& [key, total] : emissions(seed, unit)) model[key] = add(model[key], total);
    }
    const std::size_t most = seed % 2 == 0 ? 7 : 60;
    expect_near(totals_with<Forest>(seed, [&] { return std::make_unique<Forest>(monoid, most); }), model);
  }
}

TEST(Unordered, TakesMonoidsAndLeavesExactOnesAsTheyAre) {
  using Doubles = decltype(detail::keyed_monoid<double>(unordered(Sum<double>{})));
  EXPECT_TRUE(Doubles::exact);
  EXPECT_EQ(detail::keyed_monoid<double>(unordered(Sum<double>{})).describe(), "sum, unordered");
  EXPECT_TRUE((std::is_same_v<decltype(detail::keyed_monoid<int>(unordered(std::plus<>{}))), Sum<int>>));
  EXPECT_TRUE((std::is_same_v<decltype(detail::keyed_monoid<int>(unordered(Count{}))), Count>));
  const auto means = Flow("means")
                         .range(1000)
                         .map([](std::uint64_t n) { return std::pair(n % 3, static_cast<double>(n)); })
                         .reduce_by_key(unordered(Mean{}))
                         .map([](const auto& one) { return std::pair(one.first, one.second.mean()); })
                         .rows("means");
  for (const auto& [key, mean] : testing::run(means, {.batch = 7}).rows<std::pair<std::uint64_t, double>>("means")) {
    EXPECT_NEAR(mean, key == 0 ? 499.5 : key == 1 ? 499 : 500, 1e-9) << key;
  }
}

TEST(Unordered, ThePlanSaysSo) {
  const auto pairs = Flow("plan").range(9).map([](std::uint64_t n) { return std::pair(n % 3, 0.5); });
  const auto ordered = pairs.reduce_by_key(std::plus<>{}).rows("sums");
  const auto waived = pairs.reduce_by_key(unordered(std::plus<>{})).rows("sums");
  EXPECT_THAT(detail::explain(waived.stages()), HasSubstr("shuffles by reduce_by_key(operation, unordered), through"));
  for (const std::size_t stage : {0U, 1U}) {
    EXPECT_NE(ordered.stages().stages[stage].description, waived.stages().stages[stage].description);
  }
}

/// Adds, and does not like 55.
double picky(double a, double b) {
  if (a == 55 || b == 55) throw std::runtime_error("of 55");
  return a + b;
}

TEST(Unordered, AnOperationThatThrowsWhereItEmitsFailsThatUnitAlone) {
  const auto pairs =
      Flow("op").range(100).map([](std::uint64_t n) { return std::pair(n % 10, static_cast<double>(n)); });
  const auto result = testing::run(pairs.reduce_by_key(unordered(picky)).rows("rows"), {.batch = 100});
  ASSERT_EQ(result.dead_letters.size(), 1U);
  EXPECT_EQ(result.dead_letters[0].unit, 55U);
  EXPECT_EQ((result.rows<std::pair<std::uint64_t, double>>("rows")).size(), 10U);
}

}  // namespace
}  // namespace kiln
