#include "store/run_reader.hpp"

#include "run_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace kiln::store {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

class RunReaderTest : public RunFixture {};

std::vector<std::uint64_t> units_of(const RunReader& reader, RunReader::Which which) {
  std::vector<std::uint64_t> units;
  reader.for_each(which, [&](const UnitRecord& record) { units.push_back(record.unit.value()); });
  return units;
}

TEST_F(RunReaderTest, CountsAndRecords) {
  const auto store = open();
  set_commands(*store, up_to(8));
  store->commit(done_plan(0, 4), exec::command_schema());
  store->commit(dead_plan(5, "exit code 3"), exec::command_schema());
  store->commit(dead_plan(6, "exit code 4"), exec::command_schema());
  set_commands(*store, {0, 1, 2, 4, 5, 7});
  store->end({"launch-a", protocol::Outcome::interrupted, 75, 7.0});
  const RunReader reader = RunReader::open(path());
  const Totals totals = reader.totals();
  EXPECT_EQ(totals.units, 6u);
  EXPECT_EQ(totals.done, 3u);
  EXPECT_EQ(totals.failed, 1u);
  EXPECT_EQ(totals.pending, 2u);
  EXPECT_EQ(totals.removed, 2u);
  EXPECT_THAT(units_of(reader, RunReader::Which::all), ElementsAre(0, 1, 2, 3, 5, 6));
  EXPECT_THAT(units_of(reader, RunReader::Which::failed), ElementsAre(5));
  ASSERT_EQ(reader.dead_letters().size(), 1u);
  EXPECT_EQ(reader.find_end("launch-a")->exit_code, 75);
  EXPECT_FALSE(reader.find_end("launch-b"));
  EXPECT_TRUE(reader.last_end());
  EXPECT_EQ(reader.unit_on_line(5), UnitId(5));
  EXPECT_EQ(reader.unit_on_line(7), std::nullopt);
  EXPECT_EQ(reader.unit_on_line(-1), std::nullopt);
  EXPECT_EQ(reader.launches().size(), 1u);
  EXPECT_EQ(reader.owner()->launch_id, "launch-a");
  bool seen = reader.find_unit(UnitId(6), [](const UnitRecord& record) {
    EXPECT_TRUE(record.removed);
    EXPECT_EQ(record.reason, "exit code 4");
    EXPECT_NE(record.rows, nullptr);
  });
  EXPECT_TRUE(seen);
  seen = reader.find_unit(UnitId(7), [](const UnitRecord&) { FAIL(); });
  EXPECT_FALSE(seen);
}

TEST_F(RunReaderTest, RawBytesAreNotEscaped) {
  const std::string raw("\0\xff\n", 3);
  const auto store = open();
  set_commands(*store, up_to(2));
  protocol::CommitPlan plan;
  plan.done.insert(make_interval(0, 2));
  plan.rows = {blob({{.unit = 0}, {.unit = 1, .out = raw}})};
  store->commit(plan, exec::command_schema());
  const RunReader reader = RunReader::open(path());
  EXPECT_EQ(reader.raw_text(UnitId(1), "output/stdout"), raw);
  EXPECT_EQ(reader.raw_text(UnitId(1), "units/exit_code"), std::nullopt);
  EXPECT_EQ(reader.raw_text(UnitId(1), "no/column"), std::nullopt);
  EXPECT_EQ(reader.raw_text(UnitId(9), "output/stdout"), std::nullopt);
}

TEST_F(RunReaderTest, ALaunchAfterTheEndMeansUnfinished) {
  {
    const auto store = open();
    store->end(complete("launch-a"));
  }
  EXPECT_TRUE(RunReader::open(path()).last_end());
  const auto store = open("launch-b");
  const RunReader reader = RunReader::open(path());
  EXPECT_FALSE(reader.last_end());
  EXPECT_TRUE(reader.find_end("launch-a"));
}

TEST_F(RunReaderTest, OlderRowsMayHaveOtherColumns) {
  const Schema old = {{"units/status", ColumnType::text, "", ""}, {"units/gone", ColumnType::f64, "", ""}};
  const auto store = open();
  set_commands(*store, up_to(2));
  Rows rows(old);
  rows.begin_row(UnitId(1));
  rows.put_text("ok");
  rows.put(1.5);
  ByteWriter out;
  rows.encode(out);
  protocol::CommitPlan plan;
  plan.done.insert(make_interval(1, 2));
  plan.rows.push_back(out.take());
  store->commit(plan, old);
  store->commit(done_plan(0, 1), exec::command_schema());
  const RunReader reader = RunReader::open(path());
  EXPECT_EQ(reader.schema(), exec::command_schema());
  EXPECT_EQ(reader.raw_text(UnitId(1), "units/status"), "ok");
  EXPECT_EQ(reader.raw_text(UnitId(1), "units/command"), "");
  EXPECT_THAT(units_of(reader, RunReader::Which::all), ElementsAre(0, 1));
}

TEST_F(RunReaderTest, ReadsBesideAWriterThatMerges) {
  RunStoreOptions small = options();
  small.compaction.fan_in = 3;
  small.numbers_per_folder = 1000;
  const auto store = RunStore::open(small);
  constexpr std::uint64_t kUnits = 150;
  set_commands(*store, up_to(kUnits));
  std::atomic<bool> ended = false;
  std::string fault;
  std::jthread writer([&] {
    try {
      for (std::uint64_t unit = 0; unit < kUnits; ++unit) {
        store->commit(done_plan(unit, unit + 1), exec::command_schema());
        store->maintain();
      }
    } catch (const std::exception& error) {
      fault = error.what();
    }
    ended = true;
  });
  std::uint64_t before = 0, looks = 0;
  while (!ended) {
    const RunReader reader = RunReader::open(path());
    const std::uint64_t done = reader.totals().done;
    EXPECT_GE(done, before);
    EXPECT_TRUE(reader.damage().empty()) << reader.damage()[0];
    std::uint64_t seen = 0;
    reader.for_each(RunReader::Which::all, [&](const UnitRecord& record) { EXPECT_EQ(record.unit.value(), seen++); });
    EXPECT_GE(seen, done);
    before = done;
    ++looks;
  }
  writer.join();
  EXPECT_EQ(fault, "");
  EXPECT_EQ(RunReader::open(path()).totals().done, kUnits);
  EXPECT_GT(looks, 0u);
}

}  // namespace
}  // namespace kiln::store
