#include "run_fixture.hpp"
#include "store/record_fields.hpp"
#include "store/results_trailer.hpp"
#include "store/run_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <random>

namespace kiln::store {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Results : public RunFixture {
 protected:
  fs::path results() const { return path() / "results.h5"; }

  // What h5py and pandas read must be this (see check_results.py).
  void expect_tables(const std::string& json, const fs::path& file) {
    const fs::path expected = scratch_ / "expected.json";
    const fs::path script = fs::path(KILN_TESTS_OF_STORE) / "check_results.py";
    write_text(expected, json);
    const std::string log = (scratch_ / "check.log").string();
    const int status = std::system(fmt::format("/usr/bin/python3 '{}' '{}' '{}' > '{}' 2>&1", script.string(),
                                               file.string(), expected.string(), log)
                                       .c_str());
    EXPECT_EQ(status, 0) << read_text(log);
  }
};

template <class Value>
std::string list(std::uint64_t count, const Value& value) {
  std::string text;
  for (std::uint64_t i = 0; i < count; ++i) text += fmt::format("{}{}", i == 0 ? "" : ",", value(i));
  return "[" + text + "]";
}
std::string same(std::uint64_t count, const std::string& value) {
  return list(count, [&](std::uint64_t) { return value; });
}

// The columns that put_row fills alike in all rows.
std::string common_columns(std::uint64_t rows) {
  return fmt::format(
      R"("stage":{0},"signal":{1},"attempts":{2},"rank":{3},"host":{4},"seconds":{5},"user":{6},"system":{7})",
      same(rows, "0"), same(rows, "-1"), same(rows, "1"), same(rows, "3"), same(rows, "\"node\""), same(rows, "0.5"),
      same(rows, "0.25"), same(rows, "null"));
}

TEST_F(Results, H5pyAndPandasReadWhatWasCommitted) {
  const auto store = open();
  set_commands(*store, up_to(6));
  protocol::CommitPlan plan;
  plan.done.insert(make_interval(0, 2));
  plan.done.insert(make_interval(4, 5));
  plan.rows = {blob({{.unit = 4, .out = "grün\n"}}),
               blob({{.unit = 0, .out = std::string("a\0b", 3), .err = "\xff"}, {.unit = 1, .out = ""}})};
  plan.batches = {{BatchId(2), Rank(2), make_interval(4, 5), 1, 2e9, 0.5},
                  {BatchId(1), Rank(1), make_interval(0, 2), 2, 1e9, 0.25}};
  store->commit(plan, exec::command_schema());
  store->commit(dead_plan(3, "exit code 3"), exec::command_schema());
  set_commands(*store, {0, 4, 3, 2, 9});  // 1 and 5 are gone, 9 is new
  const EndEntry end{"launch-a", protocol::Outcome::units_failed, 1, 3e9};
  store->end(end);
  store->write_results();
  const std::string tables = fmt::format(
      R"({{"attributes":{{"format_version":1,"kind":"commands","program":"kiln","arguments":"[\"run\",\"tasks.txt\"]",
        "seed":5,"outcome":"units_failed","exit_code":1,"launches":1,"made_from":6,
        "units":5,"done":2,"failed":1,"pending":2,"removed":2}},
       "tables":{{"units":{{"id":[0,1,3,4],"line":[1,-1,3,2],"status":["ok","removed","failed","ok"],
          "command":["command 0","command 1","command 3","command 4"],"command_escaped":[0,0,0,0],
          "exit_code":[0,0,3,0],"start":[1000000000.0,1000000001.0,1000000003.0,1000000004.0],
          "max_rss":[1000,1001,1003,1004],{}}},
        "output":{{"stdout":["a\\x00b","","out","grün\n"],"stdout_escaped":[1,0,0,0],
          "stderr":["\\xFF","","",""],"stderr_escaped":[1,0,0,0],"stdout_cut":[0,0,0,0],"stderr_cut":[1,1,1,1]}},
        "dead_letters":{{"unit":[3],"attempts":[3],"reason":["exit code 3"]}},
        "batches":{{"batch":[1,2],"rank":[1,2],"first":[0,4],"last":[2,5],"count":[2,1],
          "start":[1000000000.0,2000000000.0],"seconds":[0.25,0.5]}}}}}})",
      common_columns(4));
  expect_tables(tables, results());
  EXPECT_EQ(std::system(("h5dump -H '" + results().string() + "' > /dev/null").c_str()), 0);
}

TEST_F(Results, AnEmptyRunHasEmptyTables) {
  const auto store = open();
  set_commands(*store, {});
  store->write_results(exec::command_schema());
  std::string columns;
  for (const char* name : {"id", "line", "status", "command", "command_escaped", "exit_code", "start", "max_rss"}) {
    columns += fmt::format("\"{}\":[],", name);
  }
  expect_tables(
      fmt::format(R"({{"attributes":{{"units":0,"outcome":"unfinished","exit_code":-1}},"tables":{{"units":{{{}{}}},
        "output":{{"stdout":[],"stderr":[],"stdout_escaped":[],"stderr_escaped":[],"stdout_cut":[],"stderr_cut":[]}},
        "dead_letters":{{"unit":[],"attempts":[],"reason":[]}},
        "batches":{{"batch":[],"rank":[],"first":[],"last":[],"count":[],"start":[],"seconds":[]}}}}}})",
                  columns, common_columns(0)),
      results());
}

TEST_F(Results, LibraryRowsHaveTheirUnitBesideThem) {
  const Schema schema = {{"results/price", ColumnType::f64, "EUR", "the price"},
                         {"results/count", ColumnType::u64, "", "how many"}};
  const auto store = open();
  set_commands(*store, up_to(4));
  for (const std::uint64_t first : {2U, 0U}) {
    Rows rows(schema);
    for (const std::uint64_t unit : {first, first, first + 1}) {  // several rows a unit
      rows.begin_row(UnitId(unit));
      rows.put(static_cast<double>(unit) / 2);
      rows.put(unit * 10);
    }
    ByteWriter out;
    rows.encode(out);
    protocol::CommitPlan plan;
    plan.done.insert(make_interval(first, first + 2));
    plan.rows.push_back(out.take());
    store->commit(plan, schema);
  }
  store->write_results();
  expect_tables(R"({"attributes":{"done":4},"tables":{
      "results":{"unit":[0,0,1,2,2,3],"price":[0.0,0.0,0.5,1.0,1.0,1.5],"count":[0,0,10,20,20,30]},
      "dead_letters":{"unit":[],"attempts":[],"reason":[]},
      "batches":{"batch":[],"rank":[],"first":[],"last":[],"count":[],"start":[],"seconds":[]}}})",
                results());
}

// Arrays and lists of every width, in so many rows that lists go out in several pieces.
TEST_F(Results, ArraysAndListsAreReadByH5py) {
  const Schema schema = {{"results/place", ColumnType::f32, "m", "where", 3, false},
                         {"results/codes", ColumnType::i16, "", "some", 1, true},
                         {"results/times", ColumnType::f64, "s", "more", 1, true},
                         {"results/small", ColumnType::u16, "", "a number"},
                         {"results/pair", ColumnType::i8, "", "two", 2, false},
                         {"results/price", ColumnType::i64, "", "any of them"}};
  const auto store = open();
  set_commands(*store, up_to(40));
  for (const std::uint64_t first : {20U, 0U}) {
    Rows rows(schema);
    for (std::uint64_t unit = first; unit < first + 20; ++unit) {
      const auto x = static_cast<float>(unit);
      rows.begin_row(UnitId(unit));
      rows.put_array<float>(std::array<float, 3>{x, x / 2, -x});
      rows.put_list<std::int16_t>(std::vector<std::int16_t>(unit % 3, static_cast<std::int16_t>(-unit)));
      rows.put_list<double>(std::vector<double>(unit == 7 ? 200'000 : 0, 0.5));
      rows.put(static_cast<std::uint16_t>(60'000 + unit));
      rows.put_array<std::int8_t>(std::array<std::int8_t, 2>{-1, static_cast<std::int8_t>(unit)});
      rows.put(std::int64_t{-1});
    }
    ByteWriter out;
    rows.encode(out);
    protocol::CommitPlan plan;
    plan.done.insert(make_interval(first, first + 20));
    plan.rows.push_back(out.take());
    store->commit(plan, schema);
  }
  store->write_results();
  const auto number = [](std::uint64_t i) { return i; };
  expect_tables(
      fmt::format(R"({{"attributes":{{"done":40}},"tables":{{
          "results":{{"unit":{},"place":{},"codes":{},"times":{},"small":{},"pair":{},"price":{}}},
          "dead_letters":{{"unit":[],"attempts":[],"reason":[]}},
          "batches":{{"batch":[],"rank":[],"first":[],"last":[],"count":[],"start":[],"seconds":[]}}}}}})",
                  list(40, number),
                  list(40, [](auto i) { return fmt::format("[{0}.0,{1},-{0}.0]", i, static_cast<double>(i) / 2); }),
                  list(40, [](auto i) { return same(i % 3, fmt::format("-{}", i)); }),
                  list(40, [](auto i) { return same(i == 7 ? 200'000 : 0, "0.5"); }),
                  list(40, [](auto i) { return 60'000 + i; }),
                  list(40, [](auto i) { return fmt::format("[-1,{}]", i); }), same(40, "-1")),
      results());
  EXPECT_EQ(std::system(("h5dump -H '" + results().string() + "' > /dev/null").c_str()), 0);
  const RunReader reader = RunReader::open(path());
  const RecordFields fields(reader.schema());
  std::vector<std::string> shown;
  reader.find_unit(UnitId(11), [&](const UnitRecord& record) {
    for (const std::size_t field : {5U, 6U, 7U})
      shown.push_back(list_text(std::get<ListView>(fields.value(record, field))));
    EXPECT_EQ(std::get<std::int64_t>(fields.value(record, 10)), -1) << "a program's own number";
  });
  EXPECT_EQ(shown, (std::vector<std::string>{"[11,5.5,-11]", "[-11,-11]", "[]"}));
  EXPECT_TRUE(fields.fields()[5].is_list && fields.fields()[6].is_list && !fields.fields()[8].is_list);
}

TEST_F(Results, UnitsWithoutCommandsNeedNoRegistry) {
  RunStoreOptions flow = options();
  flow.kind = "flow";
  constexpr std::uint64_t kMany = 1'000'000'000'000;  // a registry of them would not fit anywhere
  const Schema schema = {{"results/x", ColumnType::u64, "", "x"}};
  {
    const auto store = RunStore::open(flow);
    protocol::CommitPlan plan;
    plan.done.insert(make_interval(0, kMany));
    store->commit(plan, schema);
    store->write_results(schema);
  }
  EXPECT_EQ(RunStore::open(flow)->recovered().units, kMany);
  EXPECT_EQ(RunReader::open(path()).totals().done, kMany);
}

TEST_F(Results, ManyScatteredCommitsComeOutInOrder) {
  RunStoreOptions small = options();
  small.compaction.fan_in = 4;
  small.compaction.most_bytes = 1 << 16;
  const auto store = RunStore::open(small);
  constexpr std::uint64_t kUnits = 3000;
  set_commands(*store, up_to(kUnits));
  std::vector<std::uint64_t> order = up_to(kUnits);
  std::mt19937 random(11);
  std::shuffle(order.begin(), order.end(), random);
  for (std::size_t at = 0; at < order.size();) {
    protocol::CommitPlan plan;
    for (std::size_t left = 1 + random() % 150; left > 0 && at < order.size(); --left, ++at) {
      plan.done.insert(single(UnitId(order[at])));
      plan.rows.push_back(blob(samples(order[at], order[at] + 1)));
    }
    store->commit(plan, exec::command_schema());
    while (store->maintain()) continue;
  }
  store->write_results();
  const auto number = [](std::uint64_t i) { return i; };
  expect_tables(
      fmt::format(R"({{"attributes":{{"done":{0},"pending":0}},"tables":{{"units":{{"id":{1},"line":{2},"status":{3},
        "command":{4},"command_escaped":{5},"exit_code":{5},"start":{6},"max_rss":{7},{8}}},
        "output":{{"stdout":{9},"stderr":{10},"stdout_escaped":{5},"stderr_escaped":{5},"stdout_cut":{5},
        "stderr_cut":{11}}},"dead_letters":{{"unit":[],"attempts":[],"reason":[]}},
        "batches":{{"batch":[],"rank":[],"first":[],"last":[],"count":[],"start":[],"seconds":[]}}}}}})",
                  kUnits, list(kUnits, number), list(kUnits, [](auto i) { return i + 1; }), same(kUnits, "\"ok\""),
                  list(kUnits, [](auto i) { return fmt::format("\"command {}\"", i); }), same(kUnits, "0"),
                  list(kUnits, [](auto i) { return fmt::format("{}.0", 1'000'000'000 + i); }),
                  list(kUnits, [](auto i) { return 1000 + i; }), common_columns(kUnits),
                  list(kUnits, [](auto i) { return fmt::format("\"o{}\"", i); }), same(kUnits, "\"\""),
                  same(kUnits, "1")),
      results());
}

TEST_F(Results, ADeadLetterWithoutARowHasOneAllTheSame) {
  const auto store = open();
  set_commands(*store, up_to(3));
  store->commit(done_plan(0, 1), exec::command_schema());
  protocol::CommitPlan plan = dead_plan(2, "its rank died");
  plan.rows.clear();
  store->commit(plan, exec::command_schema());
  store->write_results();
  const RunReader reader = RunReader::open(path());
  std::vector<std::string> statuses;
  reader.for_each(RunReader::Which::all, [&](const UnitRecord& record) {
    statuses.emplace_back(record.rows->text_at(reader.column("units/status").value(), record.row));
  });
  EXPECT_EQ(statuses, (std::vector<std::string>{"ok", "failed"}));
}

TEST_F(Results, ARetriedUnitHasOneRow) {
  const auto store = open();
  set_commands(*store, up_to(2));
  store->commit(dead_plan(1, "exit code 3"), exec::command_schema());
  store->withdraw(schedule::IntervalSet(make_interval(1, 2)));
  store->commit(dead_plan(1, "exit code 3 again"), exec::command_schema());
  store->withdraw(schedule::IntervalSet(make_interval(1, 2)));
  store->commit(done_plan(1, 2), exec::command_schema());
  store->commit(done_plan(0, 2), exec::command_schema());  // the lower number wins
  const RunReader reader = RunReader::open(path());
  std::vector<std::string> records;
  reader.for_each(RunReader::Which::all, [&](const UnitRecord& record) {
    records.push_back(fmt::format("{} {}", record.unit.value(),
                                  record.rows->text_at(reader.column("units/status").value(), record.row)));
  });
  EXPECT_EQ(records, (std::vector<std::string>{"0 ok", "1 ok"}));
  EXPECT_TRUE(reader.dead_letters().empty());
}

TEST_F(Results, TheTrailerTellsAgeAndCompleteness) {
  const auto store = open();
  set_commands(*store, up_to(2));
  EXPECT_EQ(results_made_from(results()), std::nullopt);
  EXPECT_TRUE(RunReader::open(path()).results_outdated());
  store->commit(done_plan(0, 2), exec::command_schema());
  store->write_results();
  EXPECT_EQ(results_made_from(results()), store->last());
  EXPECT_FALSE(RunReader::open(path()).results_outdated());
  const EndEntry end = complete("launch-a");
  store->end(end);
  EXPECT_TRUE(RunReader::open(path()).results_outdated()) << "a newer end";
  RunReader::open(path()).export_hdf5(results());
  EXPECT_FALSE(RunReader::open(path()).results_outdated());
  const std::string whole = read_text(results());
  write_text(results(), whole.substr(0, whole.size() - 1));
  EXPECT_EQ(results_made_from(results()), std::nullopt) << "cut";
  write_text(results(), whole);
  flip_byte(results(), whole.size() - 20);
  EXPECT_EQ(results_made_from(results()), std::nullopt) << "changed";
  EXPECT_TRUE(RunReader::open(path()).results_outdated());
}

TEST_F(Results, AFileMadeForTheComingEndIsNotOutdatedByIt) {
  const auto store = open();
  set_commands(*store, up_to(2));
  store->commit(done_plan(0, 2), exec::command_schema());
  const EndEntry end = complete("launch-a");
  store->write_results({}, &end);
  store->end(end);
  EXPECT_FALSE(RunReader::open(path()).results_outdated());
}

// A limit on the size of files stands in for a full disk: the system refuses bytes in the middle of HDF5's work.
TEST_F(Results, AFullDiskLeavesTheOldFile) {
  const auto store = open();
  set_commands(*store, up_to(4000));
  store->commit(done_plan(0, 1), exec::command_schema());
  store->write_results();
  const std::string old = read_text(results());
  store->commit(done_plan(1, 4000), exec::command_schema());
  for (const rlim_t limit : {1000u, 20'000u, 60'000u, 100'000u, 200'000u, 400'000u}) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::signal(SIGXFSZ, SIG_IGN);
      const rlimit bound{limit, limit};
      ::setrlimit(RLIMIT_FSIZE, &bound);
      int code = 2;
      try {
        store->write_results();
      } catch (const StorageError&) {
        code = 0;
      } catch (const std::exception&) {
        code = 1;
      }
      std::exit(code);  // with HDF5's own clean-up, which must not hang either
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status)) << "limit " << limit << " signal " << WTERMSIG(status);
    EXPECT_EQ(WEXITSTATUS(status), 0) << "limit " << limit;
    EXPECT_TRUE(read_text(results()) == old) << "limit " << limit;
  }
  for (const auto& item : fs::directory_iterator(path())) {
    EXPECT_FALSE(item.path().filename().string().starts_with(".kiln-tmp-")) << item.path();
  }
}

}  // namespace
}  // namespace kiln::store
