#include <kiln/random.hpp>

#include <Random123/philox.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>
#include <vector>

namespace kiln {
namespace {

static_assert(std::uniform_random_bit_generator<Random>);

std::vector<std::uint64_t> numbers(Random random, std::size_t count) {
  std::vector<std::uint64_t> values(count);
  for (std::uint64_t& value : values) value = random();
  return values;
}

// Published with the method: Random123's known answers for Philox4x64 with 10 rounds.
TEST(Random, PhiloxAnswersAsPublished) {
  using Philox = r123::Philox4x64;
  const auto run = [](Philox::ctr_type counter, Philox::key_type key) {
    const Philox::ctr_type out = Philox()(counter, key);
    return std::vector<std::uint64_t>(out.begin(), out.end());
  };
  const std::uint64_t ones = ~std::uint64_t{0};
  EXPECT_EQ(run({{0, 0, 0, 0}}, {{0, 0}}), (std::vector<std::uint64_t>{0x16554d9eca36314c, 0xdb20fe9d672d0fdc,
                                                                       0xd7e772cee186176b, 0x7e68b68aec7ba23b}));
  EXPECT_EQ(
      run({{ones, ones, ones, ones}}, {{ones, ones}}),
      (std::vector<std::uint64_t>{0x87b092c3013fe90b, 0x438c3c67be8d0224, 0x9cc7d7c69cd777b6, 0xa09caebf594f0ba0}));
  EXPECT_EQ(
      run({{0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89}},
          {{0x452821e638d01377, 0xbe5466cf34e90c6c}}),
      (std::vector<std::uint64_t>{0xa528f45403e61d95, 0x38c72dbd566e9788, 0xa5a1610e72fd18b5, 0x57bd43b5e52b7fe6}));
}

// The bits of every program's results hang on these: they never change.
TEST(Random, TheFirstBlockIsPhiloxOfTheNames) {
  const auto first = numbers(Random(0, 0, 0), 4);
  EXPECT_EQ(first[0], 0x16554d9eca36314c);
  EXPECT_EQ(first[3], 0x7e68b68aec7ba23b);
}

TEST(Random, EveryNumberIsPhiloxOfItsPlace) {
  const auto values = numbers(Random(11, 22, 33, 44), 1000);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto block = r123::Philox4x64()({{i / 4, 44, 33, 0}}, {{11, 22}});
    ASSERT_EQ(values[i], block.v[i % 4]) << i;
  }
}

TEST(Random, EachNameHasItsOwnSequence) {
  std::set<std::uint64_t> seen;
  for (const Random& random :
       {Random(1, 2, 3), Random(2, 2, 3), Random(1, 3, 3), Random(1, 2, 4), Random(1, 2, 3, 1)}) {
    for (const std::uint64_t value : numbers(random, 100)) seen.insert(value);
  }
  EXPECT_EQ(seen.size(), 500U);
}

TEST(Random, RestartsAtAnyPlace) {
  Random random(5, 6, 7);
  for (int drawn = 0; drawn < 40; ++drawn) {
    random.restart(8);
    for (int i = 0; i < drawn; ++i) random.normal();
    random.restart(9);
    EXPECT_EQ(random(), Random(5, 6, 9)());
    EXPECT_EQ(random.normal(), [] {
      Random other(5, 6, 9);
      other();
      return other.normal();
    }());
  }
}

TEST(Random, UniformIsInItsRange) {
  Random random(1, 0, 0);
  double sum = 0;
  for (int i = 0; i < 100'000; ++i) {
    const double value = random.uniform();
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    sum += value;
  }
  EXPECT_NEAR(sum / 100'000, 0.5, 4 * std::sqrt(1.0 / 12 / 100'000));
}

TEST(Random, BelowIsEven) {
  Random random(1, 0, 0);
  EXPECT_EQ(random.below(0), 0U);
  EXPECT_EQ(random.below(1), 0U);
  std::vector<int> hits(6);
  for (int i = 0; i < 60'000; ++i) ++hits[random.below(6)];
  for (const int count : hits) EXPECT_NEAR(count, 10'000, 5 * std::sqrt(60'000 * 5.0 / 36));
  for (int i = 0; i < 1000; ++i) EXPECT_LT(random.below(~std::uint64_t{0} - 1), ~std::uint64_t{0} - 1);
}

TEST(Random, NormalHasItsMoments) {
  Random random(1, 0, 0);
  constexpr int kCount = 200'000;
  double sum = 0, squares = 0, fourth = 0;
  int outside = 0;
  for (int i = 0; i < kCount; ++i) {
    const double value = random.normal();
    sum += value;
    squares += value * value;
    fourth += value * value * value * value;
    outside += std::abs(value) > 1.959963984540054 ? 1 : 0;
  }
  EXPECT_NEAR(sum / kCount, 0, 4 / std::sqrt(kCount));
  EXPECT_NEAR(squares / kCount, 1, 4 * std::sqrt(2.0 / kCount));
  EXPECT_NEAR(fourth / kCount, 3, 4 * std::sqrt(96.0 / kCount));
  EXPECT_NEAR(outside, 0.05 * kCount, 4 * std::sqrt(0.05 * 0.95 * kCount));
}

}  // namespace
}  // namespace kiln
