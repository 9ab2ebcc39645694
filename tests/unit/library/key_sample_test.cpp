#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <kiln/detail/keyed/key_sample.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace kiln::detail {
namespace {

struct Drawn {
  std::uint64_t unit, number;
  std::string key;
};

void add(KeySample& sample, const Drawn& one) {
  const std::uint64_t lot = KeySample::lot(one.unit, one.number, one.key.size());
  if (sample.takes(lot)) sample.add(lot, one.key, one.unit);
}

Bytes encoded(const KeySample& sample) {
  ByteWriter out;
  sample.encode(out);
  return out.take();
}

TEST(KeySample, OfAUnionIsTheSameHoweverItIsDealtOut) {
  std::mt19937_64 random(1);
  std::vector<Drawn> all;
  for (std::uint64_t unit = 0; unit < 300; ++unit) {
    for (std::uint64_t number = 0; number < 50; ++number) {
      all.push_back({unit, number, std::string(1 + random() % 9, static_cast<char>('a' + random() % 20))});
    }
  }
  KeySample whole;
  for (const Drawn& one : all) add(whole, one);
  EXPECT_EQ(whole.cut(256).size(), 255U);
  for (int round = 0; round < 5; ++round) {
    std::shuffle(all.begin(), all.end(), random);
    std::vector<KeySample> parts(1 + random() % 9);
    for (const Drawn& one : all) add(parts[random() % parts.size()], one);
    KeySample joined;
    for (const KeySample& part : parts) {
      const Bytes bytes = encoded(part);
      ByteReader in(bytes, "a sample");
      joined.add(KeySample::decode(in));
    }
    EXPECT_EQ(encoded(joined), encoded(whole));
    EXPECT_EQ(joined.cut(256), whole.cut(256));
  }
}

TEST(KeySample, CutsAreAscendingAndKnowUnits) {
  KeySample sample;
  for (std::uint64_t unit = 0; unit < 100; ++unit) add(sample, {unit, 0, "same"});
  const auto cuts = sample.cut(4);
  ASSERT_EQ(cuts.size(), 3U);
  EXPECT_TRUE(std::is_sorted(cuts.begin(), cuts.end()));
  EXPECT_EQ(cuts[1], (SortPlace{"same", 50}));
  EXPECT_TRUE(cuts[1].is_behind("same", 49));
  EXPECT_FALSE(cuts[1].is_behind("same", 50));
  EXPECT_TRUE(KeySample().cut(4).empty());
  EXPECT_TRUE(sample.cut(1).empty());
}

TEST(KeySample, OfALongKeyItKeepsTheBeginning) {
  KeySample sample;
  sample.add(1, std::string(5000, 'k'), 7);
  const auto cuts = sample.cut(2);
  ASSERT_EQ(cuts.size(), 1U);
  EXPECT_EQ(cuts[0], (SortPlace{std::string(kLongestPlace, 'k'), 0}));
}

}  // namespace
}  // namespace kiln::detail
