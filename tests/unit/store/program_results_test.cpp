#include "store/program_tables.hpp"
#include "store/record_fields.hpp"
#include "store/run_reader.hpp"
#include "unit/store/program_fixture.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace kiln::store {
namespace {

namespace fs = std::filesystem;

class ProgramResults : public ProgramFixture {
 protected:
  fs::path results() const { return path() / "results.h5"; }

  // h5py reads it: each line of `checks` is a Python expression about the open file `f` that must hold.
  void expect(const std::string& checks) {
    const fs::path script = scratch_ / "check.py", log = scratch_ / "check.log";
    std::string text = "import sys, h5py, numpy\nf = h5py.File(sys.argv[1])\n";
    text += "def t(path): return [x.decode() for x in f[path][:]]\nbad = [c for c in '''" + checks +
            "'''.strip().split('\\n') if not eval(c)]\nprint(bad)\nsys.exit(len(bad) > 0)\n";
    write_text(script, text);
    const int status = std::system(
        ("/usr/bin/python3 '" + script.string() + "' '" + results().string() + "' > '" + log.string() + "' 2>&1")
            .c_str());
    EXPECT_EQ(status, 0) << read_text(log);
  }

  static PlanEntry with_rejected(PlanEntry plan) {
    plan.tables.push_back({std::string(kRejectedTable),
                           {{"offset", ColumnType::u64, "", "where"}, {"reason", ColumnType::text, "", "why"}}});
    return plan;
  }
  // Two rejected records of one unit.
  static protocol::CommitPlan rejected_part(const Tables& tables, std::uint64_t unit) {
    std::vector<Rows> all = make_tables(tables);
    for (std::uint64_t i = 0; i < 2; ++i) {
      all[2].begin_row(UnitId(unit));
      all[2].put(i);
      all[2].put_text("bad");
    }
    ByteWriter out;
    encode_tables(all, out);
    protocol::CommitPlan plan;
    plan.done.insert(single(UnitId(unit)));
    plan.rows.push_back(out.take());
    return plan;
  }

  static StageEndEntry::Shown shown(std::uint32_t reduce, const std::string& name, const Schema& schema,
                                    const std::vector<double>& values) {
    Rows rows(schema);
    for (const double value : values) {
      rows.begin_row(UnitId(0));
      rows.put(value);
    }
    return {reduce, {name, schema}, std::move(rows)};
  }

  // Stage 0 "a" of 30 units: rows from entries and a segment, in another order than their units; a dead letter; two
  // rejected records. Stage 1 "b" of 5 units: 2 of them done, with a reduction of the same name.
  void make_run(bool end_second = false) {
    const PlanEntry first = with_rejected(plan("a", 30)), second = with_rejected(plan("b", 5));
    const auto store = open();
    store->stages().begin(StageId(0), first);
    store->commit(part(first.tables, 20, 28));
    store->commit(segment_part(first.tables, 10, 20, store->recovered().epoch, 1));
    protocol::CommitPlan rest = part(first.tables, 0, 10);
    rest.dead.push_back({UnitId(29), 2, "it broke"});
    store->commit(rest);
    store->commit(rejected_part(first.tables, 28));
    store->stages().end(stage_end(first, "value"));
    store->stages().begin(StageId(1), second);
    store->commit(rejected_part(second.tables, 4));
    store->commit(part(second.tables, 0, 2));
    if (end_second) {
      store->commit(part(second.tables, 2, 4));
      store->stages().end(stage_end(second, "later"));
    }
    store->write_results();
  }
};

TEST_F(ProgramResults, EachTableIsAGroupOfItsOwn) {
  make_run();
  expect(R"(
list(f) == ['a', 'a_more', 'b', 'b_more', 'batches', 'dead_letters', 'reduced', 'rejected', 'stages']
list(f['a']) == ['text', 'text_escaped', 'unit', 'x']
f['a/unit'][:].tolist() == list(range(28))
f['a/x'][:].tolist() == [u / 4 for u in range(28)]
f['a/x'].attrs['unit'] == b'm' and f['a/x'].attrs['description'] == b'a length'
'missing' not in f['a/x'].attrs
t('a/text') == ['u%d' % u for u in range(28)]
f['a_more/unit'][:].tolist() == [u for u in range(28) for i in range(2)]
f['a_more/n'][:].tolist() == [u * 10 + i for u in range(28) for i in range(2)]
f['b/unit'][:].tolist() == [0, 1] and f['b'].attrs['stage'] == 1
f['rejected/stage'][:].tolist() == [0, 0, 1, 1]
f['rejected/unit'][:].tolist() == [28, 28, 4, 4]
f['rejected/offset'][:].tolist() == [0, 1, 0, 1]
t('rejected/reason') == ['bad'] * 4
f['dead_letters/stage'][:].tolist() == [0] and f['dead_letters/unit'][:].tolist() == [29]
t('dead_letters/reason') == ['it broke']
f['batches/stage'][:].tolist() == [0, 0, 1]
t('stages/name') == ['a', 'b'] and t('stages/description')[1] == 'range(5).map.rows(b).reduce(sum)'
[f['stages/' + c][:].tolist() for c in ('units', 'done', 'failed', 'rejected', 'over')] == [[30, 5], [29, 3], [1, 0], [2, 2], [1, 0]]
f['stages/seconds'][0] == 1.5 and numpy.isnan(f['stages/seconds'][1])
[f.attrs[n] for n in ('units', 'done', 'failed', 'pending')] == [35, 32, 1, 2]
f.attrs['kind'] == b'program' and 'removed' not in f.attrs
f['reduced/value/sum'][:].tolist() == [2.5] and f['reduced/value'].attrs['stage'] == 0
all('description' in d.attrs for g in ('a', 'stages', 'rejected', 'batches') for n, d in f[g].items() if n != 'text')
)");
}

TEST_F(ProgramResults, TheLastValueOfANameIsFoundAtOnce) {
  make_run(true);
  expect(R"(
f['reduced/value'].attrs['stage'] == 1
list(f['reduced_of_stage']) == ['0']
f['reduced_of_stage/0/value/sum'][:].tolist() == [2.5]
f['reduced/value'].attrs['reduction'] == b'sum'
)");
}

TEST_F(ProgramResults, AValueMayHaveSeveralTables) {
  PlanEntry first = plan("a", 1);
  first.reduces = {{"v", "histogram", true}, {"none", "sum", false}};
  {
    const auto store = open();
    store->stages().begin(StageId(0), first);
    store->commit(part(first.tables, 0, 1));
    StageEndEntry end;
    end.counts = {1, 1, 0, 0};
    end.values = {Bytes(1), std::nullopt};
    const Schema one = {{"low", ColumnType::f64, "", ""}};
    const Schema list = {{"numbers", ColumnType::f64, "", "", 1, true}};
    end.show.push_back(shown(0, "", one, {1, 2, 3}));
    end.show.push_back(shown(0, "low", one, {4}));  // as a column of the first
    end.show.push_back(shown(0, "0.bins", one, {}));
    end.show.push_back(shown(0, "a/b", one, {5}));
    Rows rows(list);
    for (const std::vector<double>& values : {std::vector<double>{1, 2}, {}, {3}}) {
      rows.begin_row(UnitId(0));
      rows.put_list(std::span<const double>(values));
    }
    end.show.push_back({0, {"lists", list}, std::move(rows)});
    store->stages().end(end);
    store->write_results();
  }
  expect(R"(
f['reduced/v/low'][:].tolist() == [1, 2, 3] and f['reduced/v'].attrs['exact'] == 1
f['reduced/v/low_table/low'][:].tolist() == [4]
f['reduced/v/0.bins/low'].shape == (0,)
f['reduced/v/a_b/low'][:].tolist() == [5]
f['reduced/v/lists/numbers'][:].tolist() == [1, 2, 3] and f['reduced/v/lists/numbers_offsets'][:].tolist() == [0, 2, 2, 3]
f['reduced/none'].attrs['empty'] == 1 and f['reduced/v'].attrs['empty'] == 0 and len(f['reduced/none']) == 0
)");
}

TEST_F(ProgramResults, NothingIsShownOfARunThatHasNotBegun) {
  open()->write_results();
  expect("list(f) == ['batches', 'dead_letters']\nf.attrs['units'] == 0");
}

TEST_F(ProgramResults, AStageThatRunsAgainCountsForNothingBefore) {
  make_run(true);
  {
    const auto store = open("launch-b");
    const PlanEntry first = with_rejected(plan("a", 30, "build 2"));
    store->stages().begin(StageId(0), first);
    store->commit(part(first.tables, 3, 5));
    store->write_results();
  }
  expect(R"(
f['a/unit'][:].tolist() == [3, 4]
'b' not in f and 'reduced' not in f
f['rejected/unit'].shape == (0,)
t('stages/name') == ['a']
)");
}

TEST_F(ProgramResults, AReaderSeesOneTable) {
  make_run();
  RunReader run = RunReader::open(path());
  std::vector<std::string> names;
  std::vector<std::uint64_t> rows;
  for (const RunReader::TableInfo& table : run.tables()) {
    names.push_back(table.name);
    rows.push_back(table.rows);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"a", "a_more", "b", "b_more", "rejected"}));
  EXPECT_EQ(rows, (std::vector<std::uint64_t>{28, 56, 2, 4, 4}));
  EXPECT_EQ(run.table(), "a");
  EXPECT_EQ(run.stages(), 2u);
  EXPECT_FALSE(run.choose_table("none"));
  ASSERT_TRUE(run.choose_table("b_more"));
  std::vector<std::int64_t> numbers;
  run.for_each(RunReader::Which::all, [&](const UnitRecord& record) {
    EXPECT_EQ(record.stage, StageId(1));
    EXPECT_TRUE(record.done);
    numbers.push_back(record.rows->at<std::int64_t>(0, record.row));
  });
  EXPECT_EQ(numbers, (std::vector<std::int64_t>{0, 1, 10, 11}));
  numbers.clear();
  EXPECT_TRUE(run.find_unit(
      UnitId(1), [&](const UnitRecord& record) { numbers.push_back(record.rows->at<std::int64_t>(0, record.row)); }));
  EXPECT_EQ(numbers, (std::vector<std::int64_t>{10, 11}));
  EXPECT_TRUE(run.find_unit(UnitId(4), [&](const UnitRecord& record) { EXPECT_EQ(record.rows, nullptr); }));
  EXPECT_FALSE(run.find_unit(UnitId(3), [](const UnitRecord&) {}));

  ASSERT_TRUE(run.choose_table("rejected"));
  std::vector<std::uint64_t> units;
  run.for_each(RunReader::Which::all, [&](const UnitRecord& record) { units.push_back(record.unit.value()); });
  EXPECT_EQ(units, (std::vector<std::uint64_t>{28, 28, 4, 4}));
  units.clear();
  run.for_each(RunReader::Which::failed, [&](const UnitRecord& record) {
    units.push_back(record.unit.value());
    EXPECT_EQ(record.reason, "it broke");
    EXPECT_EQ(record.stage, StageId(0));
  });
  EXPECT_EQ(units, (std::vector<std::uint64_t>{29}));
}

TEST_F(ProgramResults, AnExportIsTheSameFile) {
  make_run();
  const RunReader run = RunReader::open(path());
  run.export_hdf5(scratch_ / "export.h5");
  EXPECT_EQ(std::system(("h5diff '" + results().string() + "' '" + (scratch_ / "export.h5").string() + "'").c_str()),
            0);
  const schedule::IntervalSet some(make_interval(0, 3));
  EXPECT_THROW(run.export_hdf5(scratch_ / "some.h5", &some), Error);
}

}  // namespace
}  // namespace kiln::store
