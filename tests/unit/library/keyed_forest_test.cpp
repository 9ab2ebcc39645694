#include <kiln/detail/keyed/emitted.hpp>
#include <kiln/detail/keyed/keyed_steps.hpp>
#include <kiln/detail/keyed/merged_entries.hpp>

#include "unit/refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kiln::detail {
namespace {

using ::testing::ElementsAre;
using Sums = Sum<std::int64_t>;
using Combined = CombinedForest<std::string, Sums, std::int64_t>;
using Appended = AppendedForest<std::string, std::int64_t>;
using Model = std::map<std::string, std::vector<std::pair<std::uint64_t, std::int64_t>>>;  // unit and value, as emitted

/// Runs with names, in memory; may have no room.
class Place final : public RunPlace {
 public:
  std::unique_ptr<NewRun> new_run() override {
    if (full) throw Error(ExitCode::stopped_early, "no room");
    return std::make_unique<Named>(*this);
  }
  std::unique_ptr<RunReader> open(const RunReference& run, const RunPiece& piece) override {
    return read_memory(runs.at(run.name), piece);
  }

  bool full = false;
  std::map<std::string, RunReference> runs;

 private:
  class Named final : public NewRun {
   public:
    explicit Named(Place& place) : place_(place) {}
    void write(std::uint32_t shard, std::string_view block, std::uint64_t entries) override {
      run_.write(shard, block, entries);
    }
    RunReference finish() override {
      RunReference run = run_.finish();
      run.name = "run-" + std::to_string(place_.runs.size());
      place_.runs.emplace(run.name, run);
      run.data = nullptr;
      return run;
    }

   private:
    Place& place_;
    NewMemoryRun run_;
  };
};

/// Runs some units: some fail half-way, records of some are rejected.
template <class Forest>
void run_units(Forest& forest, std::uint64_t first, std::uint64_t last, std::mt19937_64& random, Model& model) {
  UnitSet done;
  for (std::uint64_t unit = first; unit < last; ++unit) {
    Model of_unit;
    forest.begin_unit(UnitId(unit));
    for (std::uint64_t record = 0; record < random() % 4; ++record) {
      Model of_record;
      forest.begin_record();
      for (std::uint64_t i = 0; i < random() % 1000; ++i) {
        const std::uint64_t number = random() % (std::uint64_t{1} << (random() % 8));
        const std::string key = std::string(random() % 3 == 0 ? 30 : 0, 'x') + std::to_string(number);
        const auto value = static_cast<std::int64_t>(random() % 1000);
        forest.emit(key, value);
        of_record[key].emplace_back(unit, value);
      }
      if (random() % 5 == 0) {
        forest.reject_record();
        continue;
      }
      forest.end_record();
      for (auto& [key, values] : of_record) {
        for (const auto& one : values) of_unit[key].push_back(one);
      }
    }
    if (random() % 6 == 0) {
      forest.begin_record();
      forest.emit("lost", 1);
      forest.drop_unit();
      continue;
    }
    forest.end_unit();
    done.add(make_interval(unit, unit + 1));
    for (auto& [key, values] : of_unit) {
      for (const auto& one : values) model[key].push_back(one);
    }
  }
  forest.add_units(done);
}

/// f(entry) for all, shard by shard.
template <class Format, class F>
void read_runs(ByteView value, Place& place, F&& f) {
  const std::vector<RunReference> runs = decode_runs(value).runs;
  for (std::uint32_t shard = 0; shard < kHashShards; ++shard) {
    std::vector<std::unique_ptr<RunReader>> open;
    std::vector<RunReader*> readers;
    for (const RunReference& run : runs) {
      for (const RunPiece& piece : run.pieces) {
        if (piece.shard != shard) continue;
        open.push_back(run.name.empty() ? read_memory(run, piece) : place.open(run, piece));
        readers.push_back(open.back().get());
      }
    }
    std::uint64_t before = 0;
    for (MergedEntries<Format> entries(readers); !entries.ended(); entries.next()) {
      EXPECT_EQ(shard_of(entries.at().hash, kHashShards), shard);
      EXPECT_GE(entries.order(), before);
      before = entries.order();
      f(entries.at());
    }
  }
}
template <class Format>
Model read_all(ByteView value, Place& place) {
  Model model;
  read_runs<Format>(value, place, [&](const Entry& entry) {
    model[std::string(entry.key)].emplace_back(entry.unit, Format::Values::decode(entry.value));
  });
  return model;
}

std::map<std::string, std::int64_t> sums(const Model& model) {
  std::map<std::string, std::int64_t> all;
  for (const auto& [key, values] : model) {
    for (const auto& [unit, value] : values) all[key] += value;
  }
  return all;
}

/// A worker runs units, joins what it holds, and puts some of it down; a coordinator joins what it sends. Gives the
/// list of runs.
template <class Forest, class Make>
Bytes play(std::uint64_t seed, Make make, Model& model, Place* place) {
  std::mt19937_64 random(seed);
  const auto all = make();
  std::unique_ptr<Forest> held = make();
  const auto send = [&] {
    if (place != nullptr && random() % 4 != 0) held->put_down(*place);
    ByteWriter out;
    held->encode(out);
    ByteReader in(out.view(), "a test");
    all->admit(in);
    in.expect_done();
    held = make();
  };
  for (std::uint64_t unit = 0; unit < 400;) {
    const std::uint64_t next = unit + 1 + random() % 20;
    const std::unique_ptr<Forest> chunk = make();
    run_units(*chunk, unit, next, random, model);
    held->absorb(*chunk);
    EXPECT_TRUE(chunk->units().empty());
    EXPECT_TRUE(chunk->may_ride());
    unit = next;
    if (random() % 3 == 0) send();
  }
  send();
  return *all->value();
}

TEST(KeyedForest, OfAnExactMonoidHasTheSums) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const std::size_t most = seed % 3 == 0 ? 7 : seed % 3 == 1 ? 60 : Combined::kMostKeys;
    Place place;
    Model model;
    const Bytes value = play<Combined>(
        seed, [most] { return std::make_unique<Combined>(Sums{}, most); }, model, &place);
    EXPECT_EQ(sums(read_all<Combined::Format>(value, place)), sums(model)) << seed;
  }
}

/// A value that is no small one: all items, how often each came.
struct Bag {
  using value_type = std::map<std::int64_t, std::uint64_t>;
  static constexpr bool exact = true;
  static std::string describe() { return "bag"; }
  static value_type lift(std::int64_t item) { return {{item, 1}}; }
  static void merge(value_type& left, const value_type& right) {
    for (const auto& [item, count] : right) left[item] += count;
  }
};

TEST(KeyedForest, OfLargeValuesHasAllOfThem) {
  using Bags = CombinedForest<std::string, Bag, std::int64_t>;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const std::size_t most = seed % 2 == 0 ? 7 : 1000;
    Model model;
    const Bytes value = play<Bags>(
        seed, [most] { return std::make_unique<Bags>(Bag{}, most); }, model, nullptr);
    std::map<std::string, Bag::value_type> expected, found;
    for (const auto& [key, values] : model) {
      for (const auto& [unit, item] : values) ++expected[key][item];
    }
    Place none;  // all of it is in memory
    read_runs<Bags::Format>(value, none, [&](const Entry& entry) {
      Bag::merge(found[std::string(entry.key)], Bags::Format::Values::decode(entry.value));
    });
    EXPECT_EQ(found, expected) << seed;
  }
}

TEST(KeyedForest, KeepsEntriesInTheOrderOfUnitsAndEmissions) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Place place;
    Model model;
    const Bytes value = play<Appended>(
        seed, [] { return std::make_unique<Appended>(); }, model, &place);
    EXPECT_EQ(read_all<Appended::Format>(value, place), model) << seed;
  }
}

TEST(KeyedForest, ATableKeepsToLittleMemoryWhereThereIsLittle) {
  const auto filled = [](std::size_t bytes) {
    Combined forest{Sums{}};
    forest.keep_to(bytes);
    forest.begin_unit(UnitId(0));
    for (std::int64_t key = 0; key < 100'000; ++key) forest.emit(std::to_string(key), 1);
    const std::size_t taken = forest.bytes();
    forest.end_unit();
    return std::pair(taken, *forest.value());
  };
  const auto [little, few] = filled(std::size_t{8} << 20);
  const auto [much, all] = filled(std::size_t{128} << 20);
  EXPECT_LT(little + (std::size_t{2} << 20), much);
  EXPECT_EQ(few, all);
}

TEST(KeyedForest, ATableIsFullerWhereNewKeysAreSeldom) {
  const auto taken = [](int times) {
    Combined forest{Sums{}};
    forest.keep_to(std::size_t{128} << 20);
    forest.begin_unit(UnitId(0));
    std::string first = "0";
    for (std::int64_t key = 0; key < 100'000; ++key) {
      for (int i = 1; i < times; ++i) forest.emit(first, 1);
      forest.emit(std::to_string(key), 1);
    }
    const std::size_t bytes = forest.bytes();
    forest.end_unit();
    return bytes;
  };
  EXPECT_LT(taken(20), taken(2) - (std::size_t{3} << 20));
}

TEST(KeyedForest, LargeEntriesLieBetweenSmallOnes) {
  using Texts = AppendedForest<std::string, std::string>;
  Texts forest;
  Place place;
  std::multimap<std::string, std::string> expected, found;
  UnitSet units;
  for (std::uint64_t unit = 0; unit < 40; ++unit) {
    forest.begin_unit(UnitId(unit));
    for (std::size_t i = 0; i < 20; ++i) {
      const std::string key = std::to_string(i % 5);
      const std::string value(i % 3 == 0 ? 20'000 * (i + 1) : i, static_cast<char>('a' + unit % 26));
      forest.emit(key, value);
      expected.emplace(key, value);
    }
    forest.end_unit();
    units.add(make_interval(unit, unit + 1));
  }
  forest.add_units(units);
  forest.put_down(place);
  read_runs<Texts::Format>(*forest.value(), place, [&](const Entry& entry) {
    found.emplace(entry.key, Texts::Format::Values::decode(entry.value));
  });
  EXPECT_EQ(found, expected);
}

TEST(KeyedForest, WhereThereIsNoRoomAllIsHereAsItWas) {
  Place place;
  Combined forest{Sums{}};
  std::mt19937_64 random(1);
  Model model;
  run_units(forest, 0, 20, random, model);
  EXPECT_FALSE(forest.may_ride());
  place.full = true;
  refusal_of(ExitCode::stopped_early, [&] { forest.put_down(place); });
  EXPECT_EQ(sums(read_all<Combined::Format>(*forest.value(), place)), sums(model));
  place.full = false;
  forest.put_down(place);
  forest.put_down(place);
  EXPECT_EQ(place.runs.size(), 1U);
  EXPECT_EQ(sums(read_all<Combined::Format>(*forest.value(), place)), sums(model));
}

TEST(KeyedForest, UnitsCountOnce) {
  Combined one{Sums{}}, other{Sums{}};
  UnitSet units;
  units.add(make_interval(3, 5));
  one.add_units(units);
  other.add_units(units);
  EXPECT_THAT(one.units(), ElementsAre(make_interval(3, 5)));
  refusal_of(ExitCode::internal, [&] { one.absorb(other); });
}

TEST(KeyedForest, DamagedReferencesAreRefused) {
  Appended forest;
  std::mt19937_64 random(2);
  Model model;
  run_units(forest, 0, 5, random, model);
  ByteWriter out;
  forest.encode(out);
  for (std::size_t size = 0; size < out.size(); ++size) {
    refusal_of(ExitCode::internal, [&] {
      Appended other;
      ByteReader in(out.view().first(size), "a test");
      other.admit(in);
    });
  }
}

}  // namespace
}  // namespace kiln::detail
