#include "unit/library/keyed_model.hpp"
#include "unit/refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <kiln/detail/fold.hpp>
#include <kiln/detail/keyed/groups.hpp>
#include <kiln/detail/keyed/join.hpp>
#include <kiln/detail/keyed/keyed_output.hpp>
#include <kiln/detail/keyed/ordered_shard.hpp>
#include <kiln/detail/keyed/shard_table.hpp>
#include <kiln/detail/keyed/splitters.hpp>
#include <kiln/monoids.hpp>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

namespace kiln::testing {
namespace {

constexpr std::uint32_t kShards = 4;

/// Shards with their runs: what an engine keeps. Spills at random, merges runs now and then.
template <class Shard>
struct Held {
  std::vector<Shard> shards;
  std::vector<std::vector<std::unique_ptr<detail::MemoryRun>>> runs{kShards};

  void admit(const std::vector<detail::KeyedBlock>& blocks, Draw& draw, std::uint64_t spill_one_in) {
    for (const auto& block : blocks) {
      detail::SectionReader in(block.bytes, kShards);
      std::uint32_t shard = 0;
      std::string_view entries;
      while (in.next(shard, entries)) {
        shards[shard].admit(entries);
        if (draw.one_in(spill_one_in)) spill(shard, draw);
      }
    }
  }
  void admit_own(detail::KeyedSink& sink) {
    std::vector<detail::KeyedShard*> all;
    for (auto& shard : shards) all.push_back(&shard);
    all.front() = nullptr;  // that of another rank
    sink.take_own(all);
  }
  void spill(std::uint32_t shard, Draw& draw) {
    auto& all = runs[shard];
    all.push_back(std::make_unique<detail::MemoryRun>());
    shards[shard].spill(*all.back());
    EXPECT_TRUE(shards[shard].empty());
    if (all.size() < 3 || !draw.one_in(4)) return;
    const std::size_t first = draw.below(all.size() - 1);  // a few neighbours become one
    std::vector<detail::RunReader*> some{all[first].get(), all[first + 1].get()};
    auto merged = std::make_unique<detail::MemoryRun>();
    shards[shard].merge(some, *merged);
    all[first] = std::move(merged);
    all.erase(all.begin() + static_cast<std::ptrdiff_t>(first) + 1);
  }
  std::vector<detail::RunReader*> readers(std::uint32_t shard) const {
    std::vector<detail::RunReader*> all;
    for (const auto& run : runs[shard]) all.push_back(run.get());
    return all;
  }
};

/// Random units, each played by one of a few outputs, whose blocks come in random order.
template <class Value, class Output, class Shard, class Lift, class Expect>
void play_shards(std::uint64_t seed, KeyKind kind, std::vector<std::unique_ptr<Output>>& outputs, Held<Shard>& held,
                 Lift lift, Expect expect) {
  Draw draw(seed);
  KeyDraw keys(kind, draw);
  const std::uint64_t spill_one_in = seed % 3 == 0 ? 1'000'000 : seed % 3 == 1 ? 20 : 1;
  std::vector<std::uint64_t> units(1 + draw.below(60));
  for (std::size_t i = 0; i < units.size(); ++i) units[i] = i * (seed % 5 == 0 ? 977 : 1);
  std::shuffle(units.begin(), units.end(), draw.engine());
  for (const std::uint64_t unit : units) {
    Output& output = *outputs[draw.below(outputs.size())];
    output.begin_unit(UnitId(unit));
    std::vector<std::pair<std::string, Value>> given;
    for (std::uint64_t n = draw.below(draw.one_in(5) ? 300 : 4); n != 0; --n) {
      given.emplace_back(keys(), lift(draw));
      output.emit(given.back().first, given.back().second);
    }
    if (draw.one_in(6)) {
      output.drop_unit();
      continue;
    }
    output.end_unit();
    for (auto& [key, value] : given) expect(unit, key, value);
    if (draw.one_in(4)) held.admit_own(output);
    if (draw.one_in(4)) held.admit(all_blocks(output, 64 + draw.below(4096)), draw, spill_one_in);
  }
  for (auto& output : outputs) held.admit(all_blocks(*output), draw, spill_one_in);
}

/// By hash, then by key.
bool is_canonical(const std::vector<std::string>& keys) {
  return std::is_sorted(keys.begin(), keys.end(), [](const std::string& a, const std::string& b) {
    return std::pair(detail::hash_bytes(a), std::string_view(a)) <
           std::pair(detail::hash_bytes(b), std::string_view(b));
  });
}

template <class M>
void play_table(const M& monoid, std::uint64_t seeds) {
  using Output = detail::CombiningOutput<std::string, M, std::uint64_t>;
  using Shard = detail::ShardTable<std::string, M>;
  for (std::uint64_t seed = 0; seed < seeds && !::testing::Test::HasFailure(); ++seed) {
    for (const KeyKind kind : kKeyKinds) {
      SCOPED_TRACE(std::to_string(seed) + " kind " + std::to_string(static_cast<int>(kind)));
      detail::PiecePool pool;
      std::vector<std::unique_ptr<Output>> outputs;
      for (int i = 0; i < 3; ++i)
        outputs.push_back(std::make_unique<Output>(pool, monoid, kShards, i == 0 ? 10 : 1000));
      Held<Shard> held;
      for (std::uint32_t i = 0; i < kShards; ++i) held.shards.emplace_back(monoid);
      std::map<std::string, typename M::value_type> expected, got;
      play_shards<std::uint64_t>(
          seed, kind, outputs, held, [](Draw& draw) { return draw.below(1000); },
          [&](std::uint64_t, const std::string& key, std::uint64_t value) {
            const auto [at, is_new] = expected.try_emplace(key, monoid.lift(value));
            if (!is_new) monoid.merge(at->second, monoid.lift(value));
          });
      std::vector<std::string> order;
      for (std::uint32_t shard = 0; shard < kShards; ++shard) {
        held.shards[shard].read(held.readers(shard), [&](std::string_view key, const typename M::value_type& value) {
          order.emplace_back(key);
          ASSERT_TRUE(got.emplace(key, value).second);
        });
      }
      ASSERT_EQ(got, expected);
      ASSERT_TRUE(is_canonical(order));  // over all shards
    }
  }
}

struct Texts {
  using value_type = std::map<std::uint64_t, int>;
  static constexpr bool exact = true;
  std::string describe() const { return "texts"; }
  value_type lift(std::uint64_t item) const { return {{item % 50, 1}}; }
  void merge(value_type& left, const value_type& right) const {
    for (const auto& [item, count] : right) left[item] += count;
  }
};

TEST(KeyedShard, ExactValuesAreWhatASequentialLoopGives) {
  play_table(Sum<std::uint64_t>{}, 60);
  play_table(Texts{}, 20);
}

/// All values of all keys, with their units, in canonical order.
template <class Value>
using Grouped = std::map<std::string, std::vector<std::pair<std::uint64_t, Value>>>;

template <class Value, class Lift, class Check>
void play_ordered(std::uint64_t seeds, Lift lift, Check check) {
  using Output = detail::AppendingOutput<std::string, Value, true>;
  using Format = typename Output::Format;
  using Shard = detail::OrderedShard<Format>;
  for (std::uint64_t seed = 0; seed < seeds && !::testing::Test::HasFailure(); ++seed) {
    for (const KeyKind kind : kKeyKinds) {
      SCOPED_TRACE(std::to_string(seed) + " kind " + std::to_string(static_cast<int>(kind)));
      detail::PiecePool pool;
      std::vector<std::unique_ptr<Output>> outputs;
      for (int i = 0; i < 3; ++i) outputs.push_back(std::make_unique<Output>(pool, kShards));
      Held<Shard> held;
      for (std::uint32_t i = 0; i < kShards; ++i) held.shards.emplace_back(pool);
      Grouped<Value> expected;
      play_shards<Value>(seed, kind, outputs, held, lift,
                         [&](std::uint64_t unit, const std::string& key, const Value& value) {
                           expected[key].emplace_back(unit, value);
                         });
      for (auto& [key, values] : expected) {
        std::stable_sort(values.begin(), values.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
      }
      check(held, expected, static_cast<Format*>(nullptr));
    }
  }
}

TEST(KeyedShard, GroupsAreCompleteAndInOrder) {
  play_ordered<std::string>(
      60, [](Draw& draw) { return std::string(draw.below(40), 'v') + std::to_string(draw.below(1000)); },
      []<class Format>(auto& held, const Grouped<std::string>& expected, Format*) {
        Grouped<std::string> got;
        std::vector<std::string> order;
        for (std::uint32_t shard = 0; shard < kShards; ++shard) {
          held.shards[shard].read(held.readers(shard), [&](auto& entries) {
            detail::for_each_group<Format>(entries, [&](std::string_view key, auto& values) {
              order.emplace_back(key);
              auto& list = got[std::string(key)];
              ASSERT_TRUE(list.empty());
              for (auto at = values.begin(); at != values.end(); ++at) list.emplace_back(at.unit(), std::string(*at));
            });
          });
        }
        ASSERT_EQ(got, expected);
        ASSERT_TRUE(is_canonical(order));
      });
}

TEST(KeyedShard, GroupsThatAreLeftEarlyDoNotDisturbTheNext) {
  play_ordered<std::uint64_t>(
      20, [](Draw& draw) { return draw(); },
      []<class Format>(auto& held, const Grouped<std::uint64_t>& expected, Format*) {
        std::map<std::string, std::uint64_t> got, first;
        for (const auto& [key, values] : expected) first[key] = values.front().second;
        for (std::uint32_t shard = 0; shard < kShards; ++shard) {
          held.shards[shard].read(held.readers(shard), [&](auto& entries) {
            detail::for_each_group<Format>(
                entries, [&](std::string_view key, auto& values) { got.emplace(key, *values.begin()); });
          });
        }
        ASSERT_EQ(got, first);
      });
}

/// The bits of a value that is not exact are those that reduce() gives the items of the key alone.
TEST(KeyedShard, SumsOfDoublesHaveTheBitsOfReduce) {
  play_ordered<double>(
      60, [](Draw& draw) { return draw.wild(); },
      []<class Format>(auto& held, const Grouped<double>& expected, Format*) {
        const TreeSum monoid;
        std::map<std::string, std::uint64_t> bits, got;
        for (const auto& [key, values] : expected) {
          detail::TreeForest<TreeSum> forest(monoid);
          for (std::size_t at = 0; at < values.size();) {
            const std::uint64_t unit = values[at].first;
            detail::TreeFold<TreeSum, double> fold(monoid, UnitId(unit));
            for (; at < values.size() && values[at].first == unit; ++at) fold.collect(values[at].second);
            fold.close();
            fold.finish(forest);
          }
          bits[key] = std::bit_cast<std::uint64_t>(*forest.typed_value());
        }
        for (std::uint32_t shard = 0; shard < kShards; ++shard) {
          held.shards[shard].read(held.readers(shard), [&](auto& entries) {
            detail::fold_groups<Format>(monoid, entries, [&](std::string_view key, double value) {
              got.emplace(key, std::bit_cast<std::uint64_t>(value));
            });
          });
        }
        ASSERT_EQ(got, bits);
      });
}

TEST(KeyedShard, TheDyadicFoldHasTheShapeOfTheTree) {
  for (std::uint64_t seed = 0; seed < 500 && !HasFailure(); ++seed) {
    Draw draw(seed);
    const Shape monoid;
    std::map<std::uint64_t, std::string> leaves;
    const std::uint64_t range = std::uint64_t{1} << draw.below(64);
    for (std::uint64_t n = 1 + draw.below(60); n != 0; --n) {
      const std::uint64_t unit = draw.below(range);
      leaves.emplace(unit, std::to_string(unit));
    }
    detail::DyadicFold<Shape> fold;
    for (const auto& [unit, value] : leaves) fold.push(monoid, unit, value);
    ASSERT_EQ(fold.take(monoid), naive_value(monoid, leaves));
  }
}

TEST(KeyedShard, JoinsGiveAllPairsInOrderWhateverTheLimit) {
  using Output = detail::AppendingOutput<std::string, std::uint64_t, true>;
  using Format = Output::Format;
  using Shard = detail::OrderedShard<Format>;
  for (std::uint64_t seed = 0; seed < 40 && !HasFailure(); ++seed) {
    for (const KeyKind kind : {KeyKind::few, KeyKind::skewed, KeyKind::lengths, KeyKind::longs}) {
      Grouped<std::uint64_t> expected[2];
      detail::PiecePool pool;
      Held<Shard> held[2];
      for (std::size_t side = 0; side < 2; ++side) {
        for (std::uint32_t i = 0; i < kShards; ++i) held[side].shards.emplace_back(pool);
        std::vector<std::unique_ptr<Output>> outputs;
        outputs.push_back(std::make_unique<Output>(pool, kShards));
        play_shards<std::uint64_t>(
            2 * seed + side, kind, outputs, held[side], [](Draw& draw) { return draw(); },
            [&](std::uint64_t unit, const std::string& key, std::uint64_t value) {
              expected[side][key].emplace_back(unit, value);
            });
        for (auto& [key, values] : expected[side]) {
          std::stable_sort(values.begin(), values.end(),
                           [](const auto& a, const auto& b) { return a.first < b.first; });
        }
      }
      using Pairs = std::map<std::string, std::vector<std::pair<std::uint64_t, std::uint64_t>>>;
      Pairs wanted, got;
      for (const auto& [key, values] : expected[0]) {
        const auto other = expected[1].find(key);
        if (other == expected[1].end()) continue;
        for (const auto& left : values) {
          for (const auto& right : other->second) wanted[key].emplace_back(left.second, right.second);
        }
      }
      int runs = 0;
      detail::JoinSide<Format> side(seed % 2 == 0 ? 1 << 20 : 60, [&] {
        ++runs;
        return std::make_unique<detail::MemoryRun>();
      });
      for (std::uint32_t shard = 0; shard < kShards; ++shard) {
        held[0].shards[shard].read(held[0].readers(shard), [&](auto& left) {
          held[1].shards[shard].read(held[1].readers(shard), [&](auto& right) {
            detail::join_entries<Format, Format>(left, right, side,
                                                 [&](std::string_view key, std::uint64_t one, std::uint64_t other) {
                                                   got[std::string(key)].emplace_back(one, other);
                                                 });
          });
        });
      }
      ASSERT_EQ(got, wanted);
      ASSERT_TRUE(seed % 2 == 1 || runs == 0);
    }
  }
}

/// Keys of all kinds, of which many may be equal: the order of all shards together is by key, unit, emission.
TEST(KeyedShard, SortsGloballyAndStably) {
  using Output = detail::SortingOutput<std::string, std::uint64_t>;
  for (std::uint64_t seed = 0; seed < 60 && !HasFailure(); ++seed) {
    for (const KeyKind kind : kKeyKinds) {
      SCOPED_TRACE(std::to_string(seed) + " kind " + std::to_string(static_cast<int>(kind)));
      Draw draw(seed);
      KeyDraw keys(kind, draw);
      detail::SplitterSample sample;
      for (std::uint64_t n = draw.below(100); n != 0; --n) sample.add(keys(), draw.below(60));
      const detail::Splitters splitters = sample.choose(kShards);
      detail::PiecePool pool;
      std::vector<std::unique_ptr<Output>> outputs;
      for (int i = 0; i < 3; ++i) outputs.push_back(std::make_unique<Output>(pool, splitters));
      Held<detail::OrderedShard<Output::Format>> held;
      for (std::uint32_t i = 0; i < kShards; ++i) held.shards.emplace_back(pool);
      using One = std::tuple<std::string, std::uint64_t, std::uint64_t>;
      std::vector<One> expected, got;
      play_shards<std::uint64_t>(
          seed, kind, outputs, held, [](Draw& one) { return one(); },
          [&](std::uint64_t unit, const std::string& key, std::uint64_t value) {
            expected.emplace_back(key, unit, value);
          });
      std::stable_sort(expected.begin(), expected.end(), [](const One& a, const One& b) {
        return std::tie(std::get<0>(a), std::get<1>(a)) < std::tie(std::get<0>(b), std::get<1>(b));
      });
      for (std::uint32_t shard = 0; shard < kShards; ++shard) {
        held.shards[shard].read(held.readers(shard), [&](auto& entries) {
          for (; !entries.ended(); entries.next()) {
            const detail::Entry& entry = entries.at();
            got.emplace_back(entry.key, entry.unit, Output::Format::Values::decode(entry.value));
          }
        });
      }
      ASSERT_EQ(got, expected);
    }
  }
}

TEST(KeyedShard, EqualKeysAreSpreadOverTheShardsOfASort) {
  detail::SplitterSample sample;
  for (std::uint64_t unit = 0; unit < 100; ++unit) sample.add("same", unit);
  const detail::Splitters splitters = sample.choose(4);
  std::vector<int> units(4);
  for (std::uint64_t unit = 0; unit < 100; ++unit) ++units[splitters.shard_of("same", unit)];
  EXPECT_EQ(units, (std::vector{25, 25, 25, 25}));
}

TEST(KeyedShard, DamagedEntriesAreRefused) {
  detail::ShardTable<std::uint64_t, Count> table{Count{}};
  EXPECT_THAT(refusal_of(ExitCode::internal, [&] { table.admit("1234567"); }), ::testing::HasSubstr("cut off"));
  detail::PiecePool pool;
  detail::OrderedShard<detail::EntryFormat<std::uint64_t, double, true>> fixed(pool);
  refusal_of(ExitCode::internal, [&] { fixed.admit("1234567"); });
  detail::OrderedShard<detail::EntryFormat<std::string, double, true>> texts(pool);
  refusal_of(ExitCode::internal, [&] { texts.admit(std::string(100, '\x7f')); });
}

}  // namespace
}  // namespace kiln::testing
