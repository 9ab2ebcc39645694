#include "store/source_registry.hpp"

#include "units/array_source.hpp"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <kiln/error.hpp>

#include <map>
#include <random>
#include <set>
#include <string>

namespace kiln::store {
namespace {

using Lines = std::vector<std::int64_t>;

struct File {
  std::vector<std::string> commands;
  std::vector<std::string_view> views() const { return {commands.begin(), commands.end()}; }
  Lines lines() const {
    Lines lines;
    for (std::size_t i = 0; i < commands.size(); ++i) lines.push_back(static_cast<std::int64_t>(i) + 1);
    return lines;
  }
};

std::optional<SourceEntry> update(SourceRegistry& registry, const File& file) {
  return registry.update(file.views(), file.lines(), 1);
}

TEST(SourceRegistry, IdsFollowTheFile) {
  SourceRegistry registry;
  const auto entry = update(registry, {{"a", "b", "c"}});
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->version, 1u);
  EXPECT_EQ(entry->units, 3u);
  EXPECT_EQ(entry->hashes.size(), 3u);
  EXPECT_EQ(entry->lines, (Lines{1, 2, 3}));
  EXPECT_EQ(registry.active().intervals(), (std::vector{make_interval(0, 3)}));
}

TEST(SourceRegistry, TheSameFileSaysNothing) {
  SourceRegistry registry;
  const auto entry = update(registry, {{"a", "b"}});
  EXPECT_EQ(update(registry, {{"a", "b"}}), std::nullopt);
  SourceRegistry again;
  again.restore(*entry);
  EXPECT_EQ(update(again, {{"a", "b"}}), std::nullopt);
  EXPECT_EQ(again.indices(), (std::vector<std::uint64_t>{0, 1}));
}

TEST(SourceRegistry, NewLinesGetIdsBehindTheOldOnes) {
  SourceRegistry registry;
  update(registry, {{"a", "b"}});
  const auto entry = update(registry, {{"x", "b", "y", "a"}});
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->version, 2u);
  EXPECT_EQ(entry->units, 4u);
  EXPECT_EQ(entry->hashes.size(), 2u);
  EXPECT_EQ(entry->lines, (Lines{4, 2, 1, 3}));
  EXPECT_EQ(registry.indices(), (std::vector<std::uint64_t>{3, 1, 0, 2}));
}

TEST(SourceRegistry, ARemovedLineKeepsItsIdAndGetsItBack) {
  SourceRegistry registry;
  update(registry, {{"a", "b", "c"}});
  auto entry = update(registry, {{"a", "c"}});
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->lines, (Lines{1, -1, 2}));
  EXPECT_TRUE(entry->hashes.empty());
  EXPECT_EQ(registry.indices()[1], SourceRegistry::kNowhere);
  EXPECT_EQ(registry.active().intervals(), (std::vector{make_interval(0, 1), make_interval(2, 3)}));
  entry = update(registry, {{"b", "a", "c"}});
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->lines, (Lines{2, 1, 3}));
  EXPECT_EQ(registry.units(), 3u);
}

TEST(SourceRegistry, EqualLinesAreKnownByTheirOccurrence) {
  SourceRegistry registry;
  auto entry = update(registry, {{"a", "a", "b", "a"}});
  std::set<UnitHash> distinct(entry->hashes.begin(), entry->hashes.end());
  EXPECT_EQ(distinct.size(), 4u);
  entry = update(registry, {{"b", "a", "a"}});
  EXPECT_EQ(entry->lines, (Lines{2, 3, 1, -1}));
}

TEST(SourceRegistry, AnEmptyFileAndNothing) {
  SourceRegistry registry;
  const auto entry = update(registry, {});
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->units, 0u);
  EXPECT_EQ(update(registry, {}), std::nullopt);
  EXPECT_TRUE(registry.active().empty());
}

TEST(SourceRegistry, IdsWithoutASourceEntryStayTaken) {
  SourceRegistry registry;
  registry.reserve(5);
  const auto entry = update(registry, {{"a"}});
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->units, 6u);
  EXPECT_EQ(entry->lines, (Lines{-1, -1, -1, -1, -1, 1}));
}

TEST(SourceRegistry, AContradictionIsRefused) {
  SourceRegistry registry;
  SourceEntry entry;
  entry.units = 1;
  entry.hashes.resize(2);
  EXPECT_THROW(registry.restore(entry), Error);
  entry.hashes.resize(1);
  entry.lines = {1, 2};
  EXPECT_THROW(registry.restore(entry), Error);
}

// Against a model that remembers each (command, occurrence) by its text.
TEST(SourceRegistry, RandomEditsKeepIds) {
  std::mt19937 random(7);
  SourceRegistry registry, restored;
  std::map<std::pair<std::string, int>, std::uint64_t> model;
  for (int step = 0; step < 300; ++step) {
    File file;
    for (std::size_t i = random() % 30; i > 0; --i) file.commands.push_back(fmt::format("c{}", random() % 20));
    if (auto entry = update(registry, file)) restored.restore(*entry);
    std::map<std::string, int> seen;
    for (std::size_t i = 0; i < file.commands.size(); ++i) {
      const std::pair key(file.commands[i], seen[file.commands[i]]++);
      const auto id = model.emplace(key, model.size()).first->second;
      ASSERT_EQ(registry.indices()[id], i) << "step " << step;
      ASSERT_EQ(registry.lines()[id], static_cast<std::int64_t>(i) + 1);
    }
    ASSERT_EQ(registry.units(), model.size());
    ASSERT_EQ(registry.active().count(), file.commands.size());
    ASSERT_EQ(restored.lines(), registry.lines());
  }
}

TEST(SourceRegistry, AMillionCommandsMove) {
  File file;
  for (int i = 0; i < 1'000'000; ++i) file.commands.push_back(fmt::format("process --input part-{}.dat", i));
  SourceRegistry registry;
  update(registry, file);
  std::rotate(file.commands.begin(), file.commands.begin() + 1, file.commands.end());
  update(registry, file);
  EXPECT_EQ(registry.units(), 1'000'000u);
  EXPECT_EQ(registry.lines()[0], 1'000'000);
}

TEST(SourceRegistry, AnotherCopyIsAnotherVersion) {
  SourceRegistry registry;
  const File file{{"a", "b"}};
  const auto first = registry.update(file.views(), file.lines(), 1);
  const auto second = registry.update(file.views(), file.lines(), 2);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->version, 2u);
  EXPECT_EQ(second->units, 2u);
  EXPECT_TRUE(second->hashes.empty());
  SourceRegistry again;
  again.restore(*first);
  again.restore(*second);
  EXPECT_EQ(again.update(file.views(), file.lines(), 2), std::nullopt);
}

TEST(SourceRegistry, AnArrayKeepsTheIdsOfItsIndices) {
  const auto array = [](std::string_view range) {
    return units::parse_array_source(units::make_array_source(range, "run it"), "the array");
  };
  SourceRegistry registry;
  ASSERT_TRUE(registry.update(array("3-5"), 1));
  EXPECT_EQ(registry.lines(), (Lines{3, 4, 5}));
  const auto grown = registry.update(array("2-6"), 2);
  ASSERT_TRUE(grown);
  EXPECT_EQ(grown->hashes.size(), 2u);
  EXPECT_EQ(registry.lines(), (Lines{3, 4, 5, 2, 6}));
  EXPECT_EQ(registry.indices(), (std::vector<std::uint64_t>{1, 2, 3, 0, 4}));
  ASSERT_TRUE(registry.update(array("4"), 3));
  EXPECT_EQ(registry.lines(), (Lines{-1, 4, -1, -1, -1}));
  const auto other = registry.update(units::parse_array_source(units::make_array_source("4", "run that"), "x"), 4);
  ASSERT_TRUE(other);
  EXPECT_EQ(other->hashes.size(), 1u);
}

}  // namespace
}  // namespace kiln::store
