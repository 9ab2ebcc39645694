#include "flow/shard_input.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <kiln/detail/keyed/emitted.hpp>
#include <kiln/detail/keyed/keyed_steps.hpp>
#include <kiln/detail/keyed/sorted.hpp>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

// Runs that take more memory than there is: what comes of them is what comes of all at once.
namespace kiln::flow {
namespace {

using detail::RunReference;
using Item = std::tuple<std::string, std::uint64_t, std::uint64_t>;  // key, unit, value
constexpr std::uint64_t kUnits = 90;
constexpr std::size_t kBytes = 1000;  // that an open run is said to take

/// Counts runs that are being read.
class CountedRun final : public detail::RunReader {
 public:
  CountedRun(std::unique_ptr<detail::RunReader> run, int& open, int& most)
      : run_(std::move(run)), open_(&open), most_(&most) {}
  ~CountedRun() override { end(); }
  bool next(std::string_view& block) override {
    if (!reading_) *most_ = std::max(*most_, ++*open_);
    reading_ = true;
    if (run_->next(block)) return true;
    end();
    return false;
  }
  std::size_t bytes() const override { return kBytes; }

 private:
  void end() {
    if (std::exchange(reading_, false)) --*open_;
  }
  std::unique_ptr<detail::RunReader> run_;
  int *open_, *most_;
  bool reading_ = false;
};

struct Counts {
  int open = 0, most = 0, merged = 0;
};

class Space final : public detail::MergeSpace {
 public:
  Space(std::size_t memory, Counts& counts) : memory_(memory), counts_(&counts) {}
  std::size_t memory() const override { return memory_; }
  void write(std::string_view block) override { data_ += block; }
  std::unique_ptr<detail::RunReader> end_run() override {
    ++counts_->merged;
    RunReference run;
    run.length = data_.size();
    run.data = std::make_shared<const std::string>(std::exchange(data_, {}));
    return std::make_unique<CountedRun>(read_memory(run, {0, 0, run.length, 0}), counts_->open, counts_->most);
  }

 private:
  std::size_t memory_;
  Counts* counts_;
  std::string data_;
};

/// Runs that have names and lie in memory.
class Place final : public detail::RunPlace {
 public:
  explicit Place(std::size_t memory) : memory_(memory) {}

  std::unique_ptr<detail::NewRun> new_run() override { return std::make_unique<Named>(*this); }
  std::unique_ptr<detail::RunReader> open(const RunReference& run, const detail::RunPiece& piece) override {
    return std::make_unique<CountedRun>(read_memory(runs_.at(run.name), piece), counts.open, counts.most);
  }
  std::unique_ptr<detail::MergeSpace> merge_space() override { return std::make_unique<Space>(memory_, counts); }

  Counts counts;

 private:
  struct Named final : detail::NewRun {
    explicit Named(Place& of) : place(&of) {}
    void write(std::uint32_t shard, std::string_view block, std::uint64_t entries) override {
      run.write(shard, block, entries);
    }
    RunReference finish() override {
      RunReference written = run.finish();
      written.name = "run-" + std::to_string(1000 + place->runs_.size());
      place->runs_[written.name] = written;
      written.data = nullptr;
      return written;
    }
    Place* place;
    detail::NewMemoryRun run;
  };
  std::size_t memory_;
  std::map<std::string, RunReference> runs_;
};

/// A run for each unit.
template <class Forest>
std::shared_ptr<const Bytes> runs_of(Place& place, std::uint64_t seed, std::size_t keys) {
  Forest all;
  for (std::uint64_t unit = 0; unit < kUnits; ++unit) {
    std::mt19937_64 random(seed * 1000 + unit);
    Forest forest;
    forest.begin_unit(UnitId(unit));
    for (std::uint64_t i = 0; i < 60; ++i) {
      const std::uint64_t key = random() % keys;
      forest.emit(std::string(key % 5, 'k') + std::to_string(key), i);
    }
    forest.end_unit();
    detail::UnitSet done;
    done.add(make_interval(unit, unit + 1));
    forest.add_units(done);
    forest.put_down(place);
    all.absorb(forest);
  }
  return std::make_shared<const Bytes>(*all.value());
}

detail::SourceSpec shards(std::vector<std::shared_ptr<const Bytes>> lists) {
  detail::SourceSpec source;
  source.kind = detail::SourceSpec::Kind::shards;
  source.units = detail::kHashShards;
  source.runs = std::move(lists);
  return source;
}

template <class Entries>
void add_all(Entries& entries, std::vector<Item>& items) {
  for (; !entries.ended(); entries.next()) {
    const detail::Entry& entry = entries.at();
    std::uint64_t value = 0;
    std::copy_n(entry.value.begin(), sizeof value, reinterpret_cast<char*>(&value));
    items.emplace_back(std::string(entry.key), entry.unit, value);
  }
}

using Log = detail::AppendedForest<std::string, std::uint64_t>;
using Sorted = detail::SortedForest<std::string, std::uint64_t>;

std::vector<Item> read_shards(std::size_t memory, std::size_t keys, Counts& counts) {
  auto place = std::make_shared<Place>(memory);
  ShardInput input(shards({runs_of<Log>(*place, 7, keys)}), place);
  detail::StageHost host;
  host.input = &input;
  std::vector<Item> items;
  for (std::uint64_t unit = 0; unit < detail::kHashShards; ++unit) {
    detail::read_shard<Log::Format>(UnitId(unit), host, 0, 1, [&](auto& entries) { add_all(entries, items); });
  }
  counts = place->counts;
  return items;
}

std::vector<Item> read_ranges(std::size_t memory, std::size_t keys, Counts& counts) {
  auto place = std::make_shared<Place>(memory);
  ShardInput input(shards({runs_of<Sorted>(*place, 8, keys)}), place);
  detail::StageHost host;
  host.input = &input;
  std::vector<Item> items;
  for (std::uint64_t unit = 0; unit < detail::kHashShards; ++unit) {
    detail::RangeEntries<Sorted::Format> entries(UnitId(unit), host);
    EXPECT_EQ(entries.first(), items.size());
    add_all(entries, items);
  }
  counts = place->counts;
  return items;
}

std::vector<Item> read_pairs(std::size_t memory, Counts& counts) {
  auto place = std::make_shared<Place>(memory);
  const auto left = runs_of<Log>(*place, 1, 40);
  ShardInput input(shards({left, runs_of<Log>(*place, 2, 4000)}), place);
  detail::StageHost host;
  host.input = &input;
  std::vector<Item> items;
  const detail::PairedSource<std::string, std::uint64_t, std::uint64_t> pairs;
  for (std::uint64_t unit = 0; unit < detail::kHashShards; ++unit) {
    pairs.each(UnitId(unit), host, [&](auto&& item, const detail::RecordPlace&) {
      items.emplace_back(item.first, item.second.first, item.second.second);
    });
  }
  counts = place->counts;
  return items;
}

constexpr std::size_t kMuch = std::size_t{1} << 30;

/// `read(memory, counts)` gives the same whatever the memory, and reads no more runs at once than there is memory for.
template <class Read>
void expect_same(Read read) {
  Counts counts;
  const std::vector<Item> expected = read(kMuch, counts);
  EXPECT_GT(expected.size(), 100U);
  EXPECT_EQ(counts.merged, 0);
  for (const std::size_t memory : {std::size_t{1}, 4 * kBytes, 70 * kBytes}) {
    EXPECT_EQ(read(memory, counts), expected) << memory;
    EXPECT_TRUE(counts.merged > 0 || memory > 4 * kBytes) << memory;
    EXPECT_LE(counts.most, std::max<int>(4, static_cast<int>(memory / kBytes))) << memory;
    EXPECT_EQ(counts.open, 0);
  }
}

TEST(ShardMerge, ShardsComeInTheSameOrder) {
  for (const std::size_t keys : {std::size_t{1}, std::size_t{20}, std::size_t{3000}}) {
    expect_same([&](std::size_t memory, Counts& counts) { return read_shards(memory, keys, counts); });
  }
}

TEST(ShardMerge, RangesOfASortComeInTheSameOrder) {
  for (const std::size_t keys : {std::size_t{1}, std::size_t{20}, std::size_t{3000}}) {
    expect_same([&](std::size_t memory, Counts& counts) { return read_ranges(memory, keys, counts); });
  }
}

TEST(ShardMerge, BothSidesOfAJoinShareTheMemory) { expect_same(read_pairs); }

TEST(ShardMerge, NoMoreIsMergedThanMust) {
  Counts counts;
  read_shards((kUnits - 1) * kBytes + detail::kMergeBlock, 1, counts);
  EXPECT_EQ(counts.merged, 0);
  read_shards((kUnits - 1) * kBytes, 1, counts);
  EXPECT_EQ(counts.merged, 1);
}

}  // namespace
}  // namespace kiln::flow
