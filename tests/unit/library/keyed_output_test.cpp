#include "unit/library/keyed_model.hpp"
#include "unit/refusal.hpp"

#include <gtest/gtest.h>

#include <kiln/detail/keyed/keyed_output.hpp>
#include <kiln/monoids.hpp>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace kiln::testing {
namespace {

/// An exact monoid whose values are not small: the sorted multiset of the items.
struct Bag {
  using value_type = std::map<std::uint64_t, std::uint64_t>;
  static constexpr bool exact = true;
  std::string describe() const { return "bag"; }
  value_type lift(std::uint64_t item) const { return {{item, 1}}; }
  void merge(value_type& left, const value_type& right) const {
    for (const auto& [item, count] : right) left[item] += count;
  }
};

struct Shape3 {
  std::uint64_t seed;
  KeyKind kind;
  bool records;
};

/// Random units with failures and rejected records: what an output holds in the end, and what it should.
template <class Output, class Emit>
void play_units(Output& output, const Shape3& shape, Emit emit) {
  Draw draw(shape.seed);
  KeyDraw keys(shape.kind, draw);
  const std::uint64_t units = 1 + draw.below(40);
  for (std::uint64_t unit = 0; unit < units; ++unit) {
    output.begin_unit(UnitId(unit));
    std::vector<std::pair<std::string, std::uint64_t>> kept;
    const std::uint64_t records = shape.records ? draw.below(30) : 1;
    for (std::uint64_t record = 0; record < records; ++record) {
      if (shape.records) output.begin_record();
      std::vector<std::pair<std::string, std::uint64_t>> given;
      for (std::uint64_t n = draw.below(shape.records ? 10 : 200); n != 0; --n) {
        given.emplace_back(keys(), draw.below(1000));
        output.emit(given.back().first, given.back().second);
      }
      if (shape.records && draw.one_in(4)) {
        output.reject_record();
        continue;
      }
      if (shape.records) output.end_record();
      kept.insert(kept.end(), given.begin(), given.end());
    }
    if (draw.one_in(4)) {
      output.drop_unit();
      continue;
    }
    output.end_unit();
    for (auto& [key, value] : kept) emit(unit, std::move(key), value);
  }
}

template <class M, class F>
void play_combining(const M& monoid, std::size_t most_keys, F same) {
  for (std::uint64_t seed = 0; seed < 30 && !::testing::Test::HasFailure(); ++seed) {
    for (const KeyKind kind : kKeyKinds) {
      const Shape3 shape{seed, kind, seed % 2 == 1};
      SCOPED_TRACE(std::to_string(seed) + " kind " + std::to_string(static_cast<int>(kind)));
      using Output = detail::CombiningOutput<std::string, M, std::uint64_t>;
      detail::PiecePool pool;
      Output output(pool, monoid, 16, most_keys);
      std::map<std::string, typename M::value_type> expected, got;
      const auto put = [&](auto& into, const std::string& key, const typename M::value_type& value) {
        const auto [at, is_new] = into.try_emplace(key, value);
        if (!is_new) monoid.merge(at->second, value);
      };
      play_units(output, shape, [&](std::uint64_t, const std::string& key, std::uint64_t value) {
        put(expected, key, monoid.lift(value));
      });
      using Format = typename Output::Format;
      each_entry<Format>(all_blocks(output), 16, [&](std::uint32_t shard, const detail::Entry& entry) {
        ASSERT_EQ(entry.hash, detail::hash_bytes(entry.key));
        ASSERT_EQ(shard, detail::shard_of(entry.hash, 16));
        put(got, std::string(entry.key), Format::Values::decode(entry.value));
      });
      ASSERT_TRUE(same(got, expected));
      ASSERT_TRUE(all_blocks(output).empty());
    }
  }
}

const auto kSame = [](const auto& one, const auto& two) { return one == two; };

TEST(KeyedOutput, CombinesExactlyWhatWasNotDropped) {
  play_combining(Sum<std::uint64_t>{}, 1 << 16, kSame);
  play_combining(Sum<std::uint64_t>{}, 30, kSame);
}

TEST(KeyedOutput, CombinesLargeValues) {
  play_combining(Bag{}, 1 << 16, kSame);
  play_combining(Bag{}, 30, kSame);
}

TEST(KeyedOutput, AppendsInOrderWhatWasNotDropped) {
  for (std::uint64_t seed = 0; seed < 50 && !HasFailure(); ++seed) {
    for (const KeyKind kind : kKeyKinds) {
      const Shape3 shape{seed, kind, seed % 2 == 1};
      detail::PiecePool pool;
      detail::AppendingOutput<std::string, std::uint64_t, true> output(pool, 16);
      using Format = decltype(output)::Format;
      using All = std::map<std::string, std::vector<std::pair<std::uint64_t, std::uint64_t>>>;
      All expected, got;
      play_units(output, shape, [&](std::uint64_t unit, const std::string& key, std::uint64_t value) {
        expected[key].emplace_back(unit, value);
      });
      each_entry<Format>(all_blocks(output), 16, [&](std::uint32_t shard, const detail::Entry& entry) {
        ASSERT_EQ(shard, detail::shard_of(entry.hash, 16));
        got[std::string(entry.key)].emplace_back(entry.unit, Format::Values::decode(entry.value));
      });
      ASSERT_EQ(got, expected);
    }
  }
}

TEST(KeyedOutput, NearlyUniqueKeysPassTheTableByAndRepeatedOnesComeBack) {
  detail::PiecePool pool;
  detail::CombiningOutput<std::uint64_t, Count, int> output(pool, {}, 256, 1000);
  std::uint64_t next = 0;
  const auto unit = [&](std::uint64_t emissions, std::uint64_t keys) {
    output.begin_unit(UnitId(next));
    for (std::uint64_t i = 0; i < emissions; ++i) output.emit(keys == 0 ? ++next : i % keys, 1);
    output.end_unit();
  };
  for (int i = 0; i < 20 && !output.is_passing(); ++i) unit(200, 0);
  EXPECT_TRUE(output.is_passing());
  for (int i = 0; i < 1000 && output.is_passing(); ++i) unit(200, 10);
  EXPECT_FALSE(output.is_passing());
  output.flush();
  const std::size_t before = output.ready();
  unit(1'000'000, 10);
  EXPECT_EQ(output.ready(), before);
  output.flush();
  EXPECT_EQ(output.ready(), before + 10 * decltype(output)::Format::kLeast);
}

TEST(KeyedOutput, BlocksAreWholeAndForTheirOwners) {
  detail::PiecePool pool;
  detail::AppendingOutput<std::string, std::string, true> output(pool, 64);
  std::map<std::string, std::string> expected;
  output.begin_unit(UnitId(3));
  for (int i = 0; i < 3000; ++i) {
    const std::string key = std::to_string(i), value(static_cast<std::size_t>(i % 700 == 0 ? 100'000 : i % 50), 'v');
    output.emit(key, value);
    expected.emplace(key, value);
  }
  output.end_unit();
  std::vector<std::uint32_t> owners(64);
  for (std::size_t i = 0; i < 64; ++i) owners[i] = i < 2 ? 7 : static_cast<std::uint32_t>(i % 3);
  std::vector<detail::KeyedBlock> blocks;
  std::vector<Bytes> rooms;
  output.take_blocks(owners, 1 << 17, 1 << 15, rooms, blocks);
  ASSERT_FALSE(blocks.empty());
  for (const auto& block : blocks) EXPECT_NE(block.owner, 7U);  // that has less
  output.take_blocks(owners, 1, 1 << 15, rooms, blocks);
  std::map<std::string, std::string> got;
  for (const auto& block : blocks) {
    each_entry<decltype(output)::Format>({block}, 64, [&](std::uint32_t shard, const detail::Entry& entry) {
      EXPECT_EQ(owners[shard], block.owner);
      got.emplace(entry.key, entry.value);
    });
    EXPECT_LT(block.bytes.size(), (1U << 15) + 100'200);
  }
  EXPECT_EQ(got, expected);
  EXPECT_EQ(output.ready(), 0U);
  EXPECT_GT(pool.free_bytes(), 0U);
  EXPECT_LT(output.bytes(), 10'000U);
  pool.trim();
  EXPECT_EQ(pool.free_bytes(), 0U);
}

TEST(KeyedOutput, DamagedBlocksAreRefused) {
  detail::PiecePool pool;
  detail::AppendingOutput<std::string, std::string, true> output(pool, 4);
  using Format = decltype(output)::Format;
  output.begin_unit(UnitId(0));
  output.emit("key", "value");
  output.end_unit();
  const auto block = all_blocks(output).at(0);
  const auto read = [&](const Bytes& bytes) { each_entry<Format>({{0, bytes}}, 4, [](std::uint32_t, const auto&) {}); };
  read(block.bytes);
  for (std::size_t size = 1; size < block.bytes.size(); ++size) {
    refusal_of(ExitCode::internal,
               [&] { read(Bytes(block.bytes.begin(), block.bytes.begin() + static_cast<long>(size))); });
  }
  for (const std::size_t at : {0U, 4U, 8U, 15U, 32U, 35U, 36U, 39U}) {
    Bytes bytes = block.bytes;
    bytes[at] = std::byte{0x7f};
    refusal_of(ExitCode::internal, [&] { read(bytes); });
  }
}

}  // namespace
}  // namespace kiln::testing
