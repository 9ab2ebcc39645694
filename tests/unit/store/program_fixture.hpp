#pragma once

#include "base/tables.hpp"
#include "store/segment.hpp"
#include "unit/store/run_fixture.hpp"

#include <string>
#include <vector>

namespace kiln::store {

/// A run of a program with stages of two tables and one reduce.
class ProgramFixture : public RunFixture {
 protected:
  std::unique_ptr<RunStore> open(const std::string& launch = "launch-a") {
    RunStoreOptions wanted = options(launch);
    wanted.kind = kProgramKind;
    wanted.program = "/bin/prog";
    return RunStore::open(wanted);
  }

  static Tables tables(const std::string& name) {
    return {{name, {{"x", ColumnType::f64, "m", "a length"}, {"text", ColumnType::text, "", ""}}},
            {name + "_more", {{"n", ColumnType::i64, "", ""}}}};
  }
  static PlanEntry plan(const std::string& name, std::uint64_t units, const std::string& build = "build 1") {
    PlanEntry plan;
    plan.name = name;
    plan.description = "range(" + std::to_string(units) + ").map.rows(" + name + ").reduce(sum)";
    plan.build = build;
    plan.inputs = 7;
    plan.units = units;
    plan.tables = tables(name);
    plan.reduces = {{"value", "sum", false}};
    plan.setup = {std::byte{1}, std::byte{0}, std::byte{255}};
    plan.records = {"a.txt\t17", "\xff"};
    return plan;
  }

  /// One row a unit in the first table, two in the second.
  static Bytes rows_of(const Tables& tables, std::uint64_t first, std::uint64_t last) {
    std::vector<Rows> all = make_tables(tables);
    for (std::uint64_t unit = first; unit < last; ++unit) {
      all[0].begin_row(UnitId(unit));
      all[0].put(static_cast<double>(unit) / 4);
      all[0].put_text("u" + std::to_string(unit));
      for (int i = 0; i < 2; ++i) {
        all[1].begin_row(UnitId(unit));
        all[1].put(static_cast<std::int64_t>(unit * 10) + i);
      }
    }
    ByteWriter out;
    encode_tables(all, out);
    return out.take();
  }
  static Bytes partial(std::uint64_t first, std::uint64_t last) {
    const std::string text = std::to_string(first) + "-" + std::to_string(last);
    const ByteView view = as_bytes(text);
    return {view.begin(), view.end()};
  }
  static protocol::CommitPlan part(const Tables& tables, std::uint64_t first, std::uint64_t last) {
    protocol::CommitPlan plan;
    plan.done.insert(make_interval(first, last));
    plan.rows.push_back(rows_of(tables, first, last));
    plan.partials.push_back(partial(first, last));
    plan.batches.push_back({BatchId(first), Rank(1), make_interval(first, last), last - first, 2e9, 0.5});
    return plan;
  }
  /// A worker's segment, and the commit that names it.
  protocol::CommitPlan segment_part(const Tables& tables, std::uint64_t first, std::uint64_t last, Epoch epoch,
                                    std::uint64_t number) {
    SegmentContent content{StageId(0), schedule::IntervalSet(make_interval(first, last)), tables, {}, {}};
    content.rows.push_back(rows_of(tables, first, last));
    content.partials.push_back(partial(first, last));
    const SegmentFile file = write_segment(path(), epoch, Rank(3), number, std::move(content));
    protocol::CommitPlan plan;
    plan.done.insert(make_interval(first, last));
    plan.segments.push_back({file.file, file.length, file.checksum, {make_interval(first, last)}, "", 0, false});
    return plan;
  }
  static StageEndEntry stage_end(const PlanEntry& plan, const std::string& value) {
    StageEndEntry end;
    end.counts = {plan.units, plan.units, 0, 0};
    const ByteView view = as_bytes(value);
    end.values = {Bytes(view.begin(), view.end())};
    Rows rows(Schema{{"sum", ColumnType::f64, "", "the sum"}});
    rows.begin_row(UnitId(0));
    rows.put(2.5);
    end.show.push_back({0, {"", {{"sum", ColumnType::f64, "", "the sum"}}}, rows});
    end.seconds = 1.5;
    return end;
  }
  static std::vector<std::string> partials(const RunStore& store) {
    std::vector<std::string> texts;
    store.stages().read_partials([&](const Bytes& bytes) { texts.emplace_back(as_text(bytes)); });
    return texts;
  }
};

}  // namespace kiln::store
