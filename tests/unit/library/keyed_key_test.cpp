#include "unit/library/naive_tree.hpp"
#include "unit/refusal.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <kiln/columns.hpp>
#include <kiln/detail/keyed/key.hpp>
#include <limits>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace kiln::testing {

struct Place2 {
  std::string town;
  double x;
};
KILN_COLUMNS(Place2, town, x)

using detail::hash_bytes;
using detail::KeyTraits;

namespace {

template <class K>
std::string encoded_key(const K& key) {
  typename KeyTraits<K>::Room room;
  const auto prepared = KeyTraits<K>::prepare(key, room);
  EXPECT_EQ(prepared.hash, hash_bytes(prepared.bytes));
  if (prepared.bytes.size() <= 16) {
    EXPECT_EQ(prepared.words, detail::copy_words(prepared.bytes.data(), prepared.bytes.size()));
  }
  return std::string(prepared.bytes);
}

/// Ascending keys: encodings ascend, prefixes do not descend, and decode gives the same encoding.
template <class K>
void expect_ascending(const std::vector<K>& keys) {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::string bytes = encoded_key(keys[i]);
    EXPECT_EQ(encoded_key<K>(K(KeyTraits<K>::decode(bytes))), bytes) << i;
    if (i == 0) continue;
    const std::string before = encoded_key(keys[i - 1]);
    EXPECT_LT(before, bytes) << i;
    EXPECT_LE(detail::key_prefix(before), detail::key_prefix(bytes)) << i;
  }
}

TEST(KeyedHash, IsWhatItWasWhenItWasMade) {
  EXPECT_EQ(hash_bytes(""), 0x57b630e0964af7bdU);
  EXPECT_EQ(hash_bytes("a"), 0x8666890583155e6cU);
  EXPECT_EQ(hash_bytes("kiln"), 0xf06e89590985861dU);
  EXPECT_EQ(hash_bytes("sixteen bytes ok"), 0x79f1480fd419ea00U);
  EXPECT_EQ(hash_bytes("a key of more than sixteen bytes"), 0x1a0e89687bc8b9aU);
  EXPECT_EQ(hash_bytes("a key that is longer than two steps of thirty-two bytes, by some"), 0x3b236e268ff04251U);
}

TEST(KeyedHash, ShortWordsAreTheBytesWhereverTheyLie) {
  // At every place against the end of a page behind which there is nothing to be read.
  constexpr std::size_t kPage = 4096;
  std::unique_ptr<char, void (*)(void*)> memory(static_cast<char*>(std::aligned_alloc(kPage, 2 * kPage)), std::free);
  for (std::size_t i = 0; i < 2 * kPage; ++i) memory.get()[i] = static_cast<char>(i * 37 + 11);
  for (std::size_t size = 0; size <= 16; ++size) {
    for (std::size_t at = kPage - 40; at + size <= kPage + 1; ++at) {
      const char* begin = memory.get() + at;
      ASSERT_EQ(detail::short_words(begin, size), detail::copy_words(begin, size)) << at << " " << size;
    }
  }
  EXPECT_EQ(detail::short_words(nullptr, 0), detail::KeyWords{});
}

/// Each bit of a key flips each bit of its hash half of the time.
TEST(KeyedHash, EveryBitCounts) {
  Draw draw(1);
  for (const std::size_t size : {1U, 2U, 3U, 4U, 7U, 8U, 9U, 12U, 15U, 16U, 17U, 24U, 31U, 32U, 33U, 48U, 65U, 100U}) {
    const int rounds = size <= 2 ? 4096 : 2048;
    std::vector<std::array<int, 64>> flips(size * 8);
    for (int round = 0; round < rounds; ++round) {
      std::string key(size, '\0');
      for (char& byte : key) byte = static_cast<char>(draw());
      const std::uint64_t hash = hash_bytes(key);
      for (std::size_t bit = 0; bit < size * 8; ++bit) {
        key[bit / 8] = static_cast<char>(key[bit / 8] ^ (1 << bit % 8));
        const std::uint64_t changed = hash ^ hash_bytes(key);
        key[bit / 8] = static_cast<char>(key[bit / 8] ^ (1 << bit % 8));
        for (std::size_t out = 0; out < 64; ++out) flips[bit][out] += static_cast<int>(changed >> out & 1);
      }
    }
    // Six standard deviations of so many fair coins; of the one-byte keys there are only 256, each counted again.
    const double bound = (size == 1 ? 30 : 6.5) * std::sqrt(rounds) / 2;
    for (std::size_t bit = 0; bit < size * 8; ++bit) {
      for (std::size_t out = 0; out < 64; ++out) {
        ASSERT_NEAR(flips[bit][out], rounds / 2.0, bound) << size << " bytes, bit " << bit << " on bit " << out;
      }
    }
  }
}

TEST(KeyedHash, KeysThatDifferLittleSpread) {
  // Counting numbers, in binary, in decimal, behind a long beginning; and texts of zeros of different length.
  std::set<std::uint64_t> all;
  std::vector<int> high(256), low(256);
  std::size_t keys = 0;
  const auto take = [&](std::string_view key) {
    const std::uint64_t hash = hash_bytes(key);
    all.insert(hash);
    ++high[hash >> 56];
    ++low[hash & 255];
    ++keys;
  };
  for (std::uint64_t i = 0; i < 60'000; ++i) {
    take(encoded_key(i));
    take(std::to_string(i) + "x");
    take("a rather long beginning of every key: " + std::to_string(i));
  }
  for (std::size_t size = 9; size < 300; ++size) take(std::string(size, '\0'));
  EXPECT_EQ(all.size(), keys);
  const double mean = static_cast<double>(keys) / 256;
  for (int bin = 0; bin < 256; ++bin) {
    EXPECT_NEAR(high[static_cast<std::size_t>(bin)], mean, 6 * std::sqrt(mean));
    EXPECT_NEAR(low[static_cast<std::size_t>(bin)], mean, 6 * std::sqrt(mean));
  }
}

TEST(KeyedKey, NumbersKeepTheirOrder) {
  constexpr auto kInf = std::numeric_limits<double>::infinity();
  expect_ascending<double>({-kInf, -1e300, -1.5, -1, -1e-310, 0.0, 1e-310, 1, 1.5, 1e300, kInf, NAN});
  expect_ascending<float>({-1e30F, -1, 0, 1, 1e30F, NAN});
  expect_ascending<std::int64_t>(
      {std::numeric_limits<std::int64_t>::min(), -256, -1, 0, 1, 255, 256, std::numeric_limits<std::int64_t>::max()});
  expect_ascending<std::uint32_t>({0, 1, 255, 256, 65'536, 0xffffffff});
  expect_ascending<std::int8_t>({-128, -1, 0, 1, 127});
  expect_ascending<bool>({false, true});
}

TEST(KeyedKey, EqualNumbersHaveEqualBytes) {
  EXPECT_EQ(encoded_key(0.0), encoded_key(-0.0));
  EXPECT_EQ(encoded_key(std::bit_cast<double>(0xfff8000000000001U)), encoded_key<double>(NAN));
  EXPECT_EQ(encoded_key(std::bit_cast<double>(0x7ff0000000000001U)), encoded_key<double>(NAN));
  EXPECT_TRUE(std::isnan(KeyTraits<double>::decode(encoded_key<double>(-NAN))));
}

TEST(KeyedKey, CompoundKeysKeepTheirOrder) {
  using namespace std::string_literals;
  expect_ascending<std::string>({"", "\0"s, "\0\0"s, "\0b"s, "a", "a\0"s, "aa", "b", "\xff", std::string(40, '\xff')});
  expect_ascending<std::pair<std::string, int>>(
      {{"", -1}, {"", 7}, {"\0"s, 0}, {"\0\0"s, 0}, {"\0\1"s, 0}, {"a", -1}, {"a", 1}, {"a\0"s, -5}, {"ab", -9}});
  expect_ascending<std::tuple<int, double>>({{-1, 2}, {0, NAN}, {1, -1}, {1, 1}});
  expect_ascending<std::vector<int>>({{}, {-1}, {-1, -1}, {0}, {0, 1}, {1}});
  expect_ascending<std::optional<int>>({std::nullopt, -1, 0});
  expect_ascending<std::array<std::string, 2>>({{"", "b"}, {"a", ""}, {"a", "a"}});
  expect_ascending<std::array<unsigned char, 3>>({{0, 0, 255}, {0, 1, 0}, {255, 0, 0}});
  expect_ascending<Place2>({{"", 1}, {"a", -1}, {"a", 0}, {"b", -7}});
}

TEST(KeyedKey, RandomPairsKeepTheirOrder) {
  Draw draw(7);
  for (int round = 0; round < 20'000; ++round) {
    const auto text = [&] {
      std::string made(draw.below(4), '\0');
      for (char& byte : made) byte = static_cast<char>(draw.below(3) * 127);
      return made;
    };
    using Key = std::tuple<std::string, std::int16_t, std::string>;
    const auto key = [&] { return Key{text(), static_cast<std::int16_t>(draw.below(3) - 1), text()}; };
    const auto order = [](const Key& k) {
      const auto bytes = [](const std::string& s) { return std::vector<unsigned char>(s.begin(), s.end()); };
      return std::tuple(bytes(std::get<0>(k)), std::get<1>(k), bytes(std::get<2>(k)));
    };
    const Key one = key(), two = key();
    ASSERT_EQ(order(one) < order(two), encoded_key(one) < encoded_key(two));
    ASSERT_EQ(one == two, encoded_key(one) == encoded_key(two));
    ASSERT_EQ(KeyTraits<Key>::decode(encoded_key(one)), one);
  }
}

TEST(KeyedKey, DamagedBytesAreRefused) {
  using Key = std::pair<std::string, bool>;
  const std::string bytes = encoded_key(Key("text", true));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    refusal_of(ExitCode::internal, [&] { KeyTraits<Key>::decode(bytes.substr(0, size)); });
  }
  refusal_of(ExitCode::internal, [&] { KeyTraits<Key>::decode(bytes + "x"); });
  refusal_of(ExitCode::internal, [&] { KeyTraits<bool>::decode("\2"); });
  refusal_of(ExitCode::internal, [&] { KeyTraits<Key>::decode("\0\2"); });
}

TEST(KeyedKey, TooLongIsTheUnitsFailure) {
  const std::string_view huge("", detail::kLongestKey + 1);  // its bytes are not looked at
  EXPECT_THROW(KeyTraits<std::string>::prepare_bytes(huge), std::length_error);
}

}  // namespace
}  // namespace kiln::testing
