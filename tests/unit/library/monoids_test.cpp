#include <kiln/detail/fold.hpp>
#include <kiln/detail/sink_state.hpp>
#include <kiln/detail/verify.hpp>
#include <kiln/error.hpp>
#include <kiln/monoids.hpp>

#include "unit/library/naive_tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

namespace kiln {
namespace {

using detail::value_to_bytes;
using testing::Draw;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::uint64_t bits_of(double number) { return std::bit_cast<std::uint64_t>(number); }

/// Item i belongs to unit i. Folded in one go.
template <Monoid M, class Item>
typename M::value_type reduce(const M& monoid, const std::vector<Item>& items) {
  detail::FoldOf<M, Item> fold(monoid, UnitId(0));
  for (const Item& item : items) fold.push(item);
  detail::ForestOf<M> forest(monoid);
  fold.finish(forest);
  return *forest.typed_value();
}

/// Folded in pieces that are cut, shuffled, encoded and joined at random: must give the bits of one go.
template <Monoid M, class Item>
void expect_same_bits(const M& monoid, const std::vector<Item>& items) {
  const Bytes expected = value_to_bytes(reduce(monoid, items));
  for (std::uint64_t seed = 0; seed < 20 && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Draw draw(seed);
    std::vector<detail::ForestOf<M>> forests;
    for (std::size_t first = 0; first < items.size();) {
      const std::size_t last = std::min(items.size(), first + 1 + draw.below(1 + items.size() / 3));
      detail::FoldOf<M, Item> fold(monoid, UnitId(first));
      for (; first < last; ++first) fold.push(items[first]);
      fold.finish(forests.emplace_back(monoid));
    }
    std::shuffle(forests.begin(), forests.end(), draw.engine());
    detail::ForestOf<M> all(monoid);
    for (auto& forest : forests) {
      if (draw.one_in(2)) {
        all.absorb(forest);
        continue;
      }
      const Bytes bytes = testing::encoded(forest);
      ByteReader in(bytes, "test");
      all.admit(in);
    }
    EXPECT_EQ(all.verify(), "");
    EXPECT_EQ(value_to_bytes(*all.typed_value()), expected);
    EXPECT_EQ(value_to_bytes(detail::value_from_bytes<typename M::value_type>(expected)), expected);
  }
}

std::vector<double> wild_numbers(std::size_t count, std::uint64_t seed) {
  Draw draw(seed);
  std::vector<double> numbers(count);
  for (double& one : numbers) one = draw.wild();
  return numbers;
}

TEST(Monoids, NoneDependsOnHowTheWorkWasCut) {
  auto numbers = wild_numbers(1000, 3);
  for (const double special : {0.0, -0.0, kInfinity, std::nan("7"), -std::nan("")}) numbers.push_back(special);
  Draw(4).engine();
  std::shuffle(numbers.begin(), numbers.end(), Draw(4).engine());
  std::vector<std::pair<double, std::string>> named;
  for (const double one : numbers) named.emplace_back(one, std::to_string(named.size()));
  std::vector<std::int64_t> integers;
  for (const double one : numbers) integers.push_back(static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(one)));
  expect_same_bits(Sum<double>{}, numbers);
  expect_same_bits(Sum<std::int64_t>{}, integers);
  expect_same_bits(Count{}, named);
  expect_same_bits(ExactSum{}, numbers);
  expect_same_bits(Min<double>{}, numbers);
  expect_same_bits(Max<double>{}, numbers);
  expect_same_bits(ArgMin<double, std::string>{}, named);
  expect_same_bits(ArgMax<double, std::string>{}, named);
  expect_same_bits(Mean{}, numbers);
  expect_same_bits(Moments{}, numbers);
  expect_same_bits(Histogram(-10, 10, 50), numbers);
  expect_same_bits(Histogram::with_edges({-1e6, -1, 0, 0.5, 1e9}), numbers);
  expect_same_bits(QuantileSketch{}, numbers);
  expect_same_bits(Collect<double>{}, numbers);
  expect_same_bits(TopK<double>(7), numbers);
  expect_same_bits(TopK<double, std::greater<>>(2000), numbers);
  expect_same_bits(All(Count{}, Max<double>{}), numbers);
  expect_same_bits(All(Moments{}, Collect<double>{}, Histogram(0, 1, 3)), numbers);
  static_assert(!All<Count, Mean>::exact && All<Count, Max<double>>::exact);
}

TEST(Sum, IntegersWrapAndFloatsAreSummedAsDoubles) {
  EXPECT_EQ(reduce(Sum<std::int32_t>{}, std::vector<std::int32_t>(3, 2'000'000'000)), 6'000'000'000);
  EXPECT_EQ(reduce(Sum<std::uint64_t>{}, std::vector<std::uint64_t>{UINT64_MAX, 3}), 2U);
  EXPECT_EQ(reduce(Sum<float>{}, std::vector<float>(3, 0.1F)), 3 * static_cast<double>(0.1F));
  EXPECT_EQ(reduce(Count{}, std::vector<std::string>(5)), 5U);
  static_assert(std::is_same_v<Sum<>::value_type, double>);
}

/// J. R. Shewchuk's growing expansion: an independent exact sum, for numbers whose partial sums do not overflow.
double expansion_sum(const std::vector<double>& numbers) {
  std::vector<double> parts;
  for (double x : numbers) {
    std::size_t used = 0;
    for (double y : parts) {
      if (std::fabs(x) < std::fabs(y)) std::swap(x, y);
      const double high = x + y;
      const double low = y - (high - x);
      if (low != 0) parts[used++] = low;
      x = high;
    }
    parts.resize(used);
    parts.push_back(x);
  }
  double high = 0;
  double low = 0;
  while (!parts.empty() && low == 0) {
    const double x = high;
    const double y = parts.back();
    parts.pop_back();
    high = x + y;
    low = y - (high - x);
  }
  if (!parts.empty() && ((low < 0 && parts.back() < 0) || (low > 0 && parts.back() > 0))) {
    const double doubled = low * 2;
    const double x = high + doubled;
    if (doubled == x - high) high = x;
  }
  return high;
}

TEST(ExactSum, IsRoundedOnceAtItsEnd) {
  const auto sum = [](const std::vector<double>& numbers) { return reduce(ExactSum{}, numbers).value(); };
  EXPECT_EQ(sum({1e100, 1, -1e100}), 1.0);
  EXPECT_EQ(sum({0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1}), 1.0);
  EXPECT_EQ(sum({1, 0x1p-53}), 1.0) << "a tie goes to even";
  EXPECT_EQ(sum({1, 0x1p-53, 0x1p-1074}), 1 + 0x1p-52) << "just above the tie";
  EXPECT_EQ(sum({1 + 0x1p-52, 0x1p-53}), 1 + 0x1p-51) << "a tie goes to even, upwards";
  EXPECT_EQ(sum({-1, -0x1p-53, -0x1p-1074}), -1 - 0x1p-52);
  EXPECT_EQ(sum({0x1p-1074, 0x1p-1074}), 0x1p-1073) << "subnormal";
  EXPECT_EQ(sum({0x1p-1022, -0x1p-1074}), 0x1p-1022 - 0x1p-1074);
  const double most = std::numeric_limits<double>::max();
  EXPECT_EQ(sum({most, most, -most}), most) << "larger than a double on the way";
  EXPECT_EQ(sum({most, most}), kInfinity);
  EXPECT_EQ(sum({-most, -most}), -kInfinity);
  EXPECT_EQ(bits_of(sum({-0.0, -0.0})), bits_of(0.0));
  EXPECT_EQ(sum({kInfinity, -most}), kInfinity);
  EXPECT_EQ(sum({1, -kInfinity}), -kInfinity);
  EXPECT_TRUE(std::isnan(sum({kInfinity, -kInfinity})));
  EXPECT_TRUE(std::isnan(sum({std::nan(""), 1})));
}

TEST(ExactSum, IsTheSumOfAnIndependentAlgorithm) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    Draw draw(seed);
    std::vector<double> numbers(1 + draw.below(300));
    for (double& one : numbers) {
      one = std::ldexp(draw.part() - 0.5, static_cast<int>(draw.below(seed % 2 == 0 ? 1900 : 120)) - 950);
    }
    for (std::size_t i = draw.below(numbers.size()); i-- > 0;) numbers.push_back(-numbers[i]);
    ASSERT_EQ(reduce(ExactSum{}, numbers).value(), expansion_sum(numbers)) << "seed " << seed;
  }
}

TEST(ExactSum, ManyItemsAndManyMerges) {
  ExactSumValue sum;
  for (int i = 0; i < 1 << 20; ++i) sum.add(-0x1p1000);
  for (int i = 0; i < 40; ++i) sum.merge(ExactSumValue(sum));
  EXPECT_EQ(sum.value(), -kInfinity);
  ExactSumValue small;
  small.add(-3.5);
  for (int i = 0; i < 50; ++i) small.merge(ExactSumValue(small));
  EXPECT_EQ(small.value(), std::ldexp(-3.5, 50));
}

TEST(Extremes, NanLosesAndTiesGoToTheLowestUnit) {
  const std::vector<double> numbers = {std::nan(""), 3, -1, 3, -1, std::nan("")};
  EXPECT_EQ(reduce(Min<double>{}, numbers).unit, UnitId(2));
  EXPECT_EQ(reduce(Max<double>{}, numbers).unit, UnitId(1));
  EXPECT_EQ(reduce(Max<double>{}, numbers).value, 3);
  EXPECT_EQ(reduce(Min<double>{}, std::vector<double>(3, std::nan(""))).unit, UnitId(0));
  const std::vector<std::pair<int, std::string>> named = {{2, "two"}, {7, "seven"}, {1, "one"}};
  EXPECT_EQ(reduce(ArgMax<int, std::string>{}, named).argument, "seven");
  EXPECT_EQ(reduce(ArgMin<int, std::string>{}, named).argument, "one");
}

TEST(Moments, AgreeWithTheirDefinition) {
  const auto numbers = wild_numbers(5000, 5);
  const double n = 5000;
  double mean = 0, m2 = 0, m3 = 0;
  for (const double x : numbers) mean += x / n;
  for (const double x : numbers) {
    m2 += (x - mean) * (x - mean);
    m3 += (x - mean) * (x - mean) * (x - mean);
  }
  const auto moments = reduce(Moments{}, numbers);
  EXPECT_EQ(moments.count(), 5000U);
  EXPECT_NEAR(moments.mean() / mean, 1, 1e-10);
  EXPECT_NEAR(moments.variance() / (m2 / (n - 1)), 1, 1e-12);
  EXPECT_NEAR(moments.std_error() / std::sqrt(m2 / (n - 1) / n), 1, 1e-12);
  EXPECT_NEAR(moments.skewness() / (m3 / n / std::pow(m2 / n, 1.5)), 1, 1e-10);
  const auto only = reduce(Mean{}, numbers);
  EXPECT_NEAR(only.mean() / mean, 1, 1e-10);
  EXPECT_NEAR(only.variance() / moments.variance(), 1, 1e-12);
}

TEST(Moments, AreStableFarFromZeroAndNanWhereUndefined) {
  std::vector<double> numbers;
  for (int i = 0; i < 1000; ++i) numbers.push_back(1e9 + i % 2);
  EXPECT_NEAR(reduce(Mean{}, numbers).variance(), 0.25 * 1000 / 999, 1e-9);
  EXPECT_NEAR(reduce(Moments{}, numbers).variance(), 0.25 * 1000 / 999, 1e-9);
  EXPECT_EQ(reduce(Mean{}, std::vector<double>{4}).mean(), 4);
  EXPECT_TRUE(std::isnan(reduce(Mean{}, std::vector<double>{4}).variance()));
  EXPECT_TRUE(std::isnan(MeanValue().mean()));
  EXPECT_TRUE(std::isnan(reduce(Moments{}, std::vector<double>{4, 4}).skewness()));
  MeanValue empty;
  empty.merge(MeanValue(5));
  empty.merge(MeanValue());
  EXPECT_EQ(empty.mean(), 5);
}

TEST(Histogram, EachNumberIsWhereTheEdgesSay) {
  Draw draw(8);
  for (int round = 0; round < 200; ++round) {
    const double low = draw.wild();
    const Bins bins(low, low + std::fabs(draw.wild()) + 1e-3 * std::fabs(low), 1 + draw.below(40));
    for (std::size_t i = 0; i <= bins.count(); ++i) {
      const double edge = bins.edge(i);
      ASSERT_EQ(bins.place(edge), i + 1) << "edges belong to the bin above them";
      ASSERT_EQ(bins.place(std::nextafter(edge, -kInfinity)), i);
    }
  }
  const Bins edges = Bins::with_edges({-1, 0, 5, kInfinity});
  EXPECT_EQ(edges.place(-2), 0U);
  EXPECT_EQ(edges.place(-1), 1U);
  EXPECT_EQ(edges.place(0), 2U);
  EXPECT_EQ(edges.place(1e300), 3U);
  EXPECT_EQ(edges.place(kInfinity), 4U);
  EXPECT_EQ(edges.place(std::nan("")), 5U);
}

TEST(Histogram, CountsAndWhatItRefuses) {
  auto value = reduce(Histogram(0, 4, 4), std::vector<double>{-1, 0, 1.5, 1.6, 4, 7, std::nan("")});
  EXPECT_EQ(value.underflow(), 1U);
  EXPECT_EQ(value.overflow(), 2U);
  EXPECT_EQ(value.nans(), 1U);
  EXPECT_EQ(value.count(1), 2U);
  EXPECT_EQ(value.total(), 7U);
  EXPECT_EQ(value.counts().size(), 7U);
  EXPECT_THROW(value.merge(HistogramValue(Bins(0, 4, 5))), Error);
  EXPECT_THROW(Histogram(1, 1, 5), Error);
  EXPECT_THROW(Histogram(0, kInfinity, 5), Error);
  EXPECT_THROW(Histogram(0, std::nan(""), 5), Error);
  EXPECT_THROW(Histogram(0, 1, 0), Error);
  EXPECT_THROW(Histogram(1, 1 + 1e-15, 100), Error) << "doubles are not that fine";
  EXPECT_THROW(Histogram::with_edges({1}), Error);
  EXPECT_THROW(Histogram::with_edges({1, 2, 2}), Error);
  EXPECT_THROW(Histogram::with_edges({1, std::nan("")}), Error);
}

TEST(QuantileSketch, IsAsNearAsItSays) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Draw draw(seed);
    std::vector<double> numbers(1 + draw.below(2000));
    for (double& one : numbers) one = seed % 5 == 0 ? std::fabs(draw.wild()) : draw.wild();
    if (seed % 3 == 0) numbers.push_back(0);
    const auto sketch = reduce(QuantileSketch{}, numbers);
    std::sort(numbers.begin(), numbers.end());
    EXPECT_EQ(sketch.min(), numbers.front());
    EXPECT_EQ(sketch.max(), numbers.back());
    for (double q = 0; q <= 1; q += 0.01) {
      const double truth = numbers[static_cast<std::size_t>(q * static_cast<double>(numbers.size() - 1))];
      ASSERT_LE(std::fabs(sketch.quantile(q) - truth), std::fabs(truth) / 256) << "seed " << seed << ", q " << q;
    }
  }
  const auto special = reduce(QuantileSketch{}, std::vector<double>{-kInfinity, 1, kInfinity, std::nan("")});
  EXPECT_EQ(special.quantile(0), -kInfinity);
  EXPECT_EQ(special.quantile(1), kInfinity);
  EXPECT_EQ(special.nans(), 1U);
  EXPECT_NEAR(special.median(), 1, 1.0 / 256);
  EXPECT_TRUE(std::isnan(QuantileValue().quantile(0.5)));
  EXPECT_THROW(QuantileSketch(0), Error);
  EXPECT_THROW(QuantileSketch(13), Error);
}

TEST(TopK, BestFirstAndTiesByUnit) {
  const std::vector<double> numbers = {2, std::nan(""), 9, 2, 9, 1};
  const auto top = reduce(TopK<double>(3), numbers);
  ASSERT_EQ(top.best.size(), 3U);
  EXPECT_EQ(top.best[0].unit, UnitId(2));
  EXPECT_EQ(top.best[1].unit, UnitId(4));
  EXPECT_EQ(top.best[2].unit, UnitId(0));
  const auto least = reduce(TopK<double, std::greater<>>(10), numbers);
  ASSERT_EQ(least.best.size(), 6U);
  EXPECT_EQ(least.best[0].value, 1);
  EXPECT_EQ(least.best[5].unit, UnitId(1)) << "NaN comes last";
  EXPECT_TRUE(reduce(TopK<double>(0), numbers).best.empty());
}

TEST(Collect, KeepsTheOrderOfTheUnits) {
  std::vector<std::string> texts;
  for (int i = 0; i < 100; ++i) texts.push_back(std::to_string(i));
  EXPECT_EQ(reduce(Collect<std::string>{}, texts), texts);
}

TEST(Show, EachValueHasTablesWithDifferentNames) {
  const auto numbers = wild_numbers(50, 1);
  const auto monoid = All(Sum<double>{}, Mean{}, Moments{}, Histogram(0, 1, 4), QuantileSketch{}, TopK<double>(3),
                          Collect<double>{}, Min<double>{}, ExactSum{}, Count{});
  const detail::Shown shown = detail::show_value(reduce(monoid, numbers));
  std::set<std::string> names;
  for (const auto& [table, rows] : shown) {
    names.insert(table.name);
    EXPECT_EQ(table.schema.size(), rows.columns()) << table.name;
    EXPECT_GT(rows.size(), 0U) << table.name;
    for (const Column& column : table.schema) EXPECT_NE(column.name, "unit");
  }
  EXPECT_EQ(names.size(), shown.size());
  EXPECT_TRUE(names.contains("3") && names.contains("3.outside") && names.contains("6"));
  const auto alone = detail::show_value(std::vector<double>{1, 2, 3});
  ASSERT_EQ(alone.size(), 1U);
  EXPECT_EQ(alone[0].first.name, "");
  EXPECT_EQ(alone[0].second.at<double>(0, 2), 3);
  const auto bytes = detail::show_value(std::map<int, std::string>{{1, "x"}});
  EXPECT_EQ(bytes[0].first.schema[0].name, "bytes");
}

TEST(Show, TheSinkOfAPlanShowsItsValueFromItsBytes) {
  const detail::ReduceSinkOf<double, Mean, std::identity> sink{"value", Mean{}, {}};
  const auto shown = sink.plan().show(value_to_bytes(MeanValue(2.5)));
  ASSERT_EQ(shown.size(), 1U);
  EXPECT_EQ(shown[0].second.at<double>(1, 0), 2.5);
}

struct LossyCodec {
  double value;
  void encode(ByteWriter& out) const { out.put(static_cast<float>(value)); }
  static LossyCodec decode(ByteReader& in) { return {static_cast<double>(in.get<float>())}; }
};
struct LossySum {
  using value_type = LossyCodec;
  static constexpr bool exact = false;
  std::string describe() const { return "lossy"; }
  LossyCodec lift(double item) const { return {item}; }
  void merge(LossyCodec& left, const LossyCodec& right) const { left.value = (3 * left.value - 1 + right.value) * 1e9; }
};
struct FalselyExact : testing::Ids {
  static constexpr bool exact = true;
};

TEST(Verify, FindsACodecThatLosesAndAMonoidThatDoesNotCommute) {
  EXPECT_NE(detail::verify_values(LossySum{}, {1.0 / 3}, {0}), "");
  EXPECT_NE(detail::verify_values(FalselyExact{}, "1,", "2,"), "");
  EXPECT_EQ(detail::verify_values(testing::Ids{}, "1,", "2,"), "");
}

}  // namespace
}  // namespace kiln
