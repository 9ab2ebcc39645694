#include "store/stage_store.hpp"

#include "store/run_reader.hpp"
#include "store/stage_identity.hpp"
#include "unit/store/program_fixture.hpp"

namespace kiln::store {
namespace {

class StageStoreTest : public ProgramFixture {
 protected:
  std::unique_ptr<RunStore> open_as_heir(Epoch follows) {
    RunStoreOptions heir = options("launch-a");
    heir.kind = kProgramKind;
    heir.follows = follows;
    return RunStore::open(heir);
  }
  std::string segment_name(Epoch epoch) { return fmt::format("w-{}-r0003-000001.h5", epoch.value()); }
};

TEST_F(StageStoreTest, AStageIsKeptWithItsPartialsAndSegments) {
  PlanEntry first = plan("a", 30);
  {
    auto store = open();
    const StageState state = store->stages().begin(StageId(0), first);
    EXPECT_FALSE(state.resumed);
    EXPECT_EQ(state.why, "");
    store->commit(part(first.tables, 0, 10));
    store->commit(segment_part(first.tables, 10, 20, store->recovered().epoch, 1));
  }
  auto store = open("launch-b");
  ASSERT_NE(store->stages().stored_plan(StageId(0)), nullptr);
  EXPECT_EQ(store->stages().stored_plan(StageId(0))->records, first.records);
  const StageState state = store->stages().begin(StageId(0), first);
  EXPECT_TRUE(state.resumed);
  EXPECT_FALSE(state.end);
  EXPECT_EQ(state.done, schedule::IntervalSet(make_interval(0, 20)));
  EXPECT_EQ(state.partials, 2u);
  EXPECT_EQ(partials(*store), (std::vector<std::string>{"0-10", "10-20"}));
  EXPECT_EQ(state.plan.tables, first.tables);
  EXPECT_EQ(state.plan.setup, first.setup);
  EXPECT_EQ(state.plan.reduces, first.reduces);
}

TEST_F(StageStoreTest, RejectedRecordsAreCountedOverLaunches) {
  PlanEntry first = plan("a", 30);
  first.tables.push_back(
      {std::string(kRejectedTable), {{"offset", ColumnType::u64, "", ""}, {"reason", ColumnType::text, "", ""}}});
  const auto commit = [&](RunStore& store, std::uint64_t unit) {
    std::vector<Rows> rows = make_tables(first.tables);
    for (std::uint64_t i = 0; i < 3; ++i) {
      rows.back().begin_row(UnitId(unit));
      rows.back().put(i);
      rows.back().put_text("bad");
    }
    ByteWriter out;
    encode_tables(rows, out);
    protocol::CommitPlan plan;
    plan.done.insert(single(UnitId(unit)));
    plan.rows.push_back(out.take());
    plan.batches.push_back({BatchId(unit), Rank(1), make_interval(unit, unit + 1), 1, 2e9, 0.5, 100});
    store.commit(plan);
  };
  {
    auto store = open();
    store->stages().begin(StageId(0), first);
    EXPECT_EQ(store->stages().rejected(), 0U);
    commit(*store, 1);
    commit(*store, 2);
    EXPECT_EQ(store->stages().rejected(), 6U);
    EXPECT_EQ(store->stages().records(), 200U);
  }
  auto store = open("launch-b");
  store->stages().begin(StageId(0), first);
  EXPECT_EQ(store->stages().rejected(), 6U);
  EXPECT_EQ(store->stages().records(), 200U);
  commit(*store, 5);
  EXPECT_EQ(store->stages().rejected(), 9U);
  EXPECT_EQ(store->stages().records(), 300U);
  first.build = "build 2";
  store.reset();
  store = open("launch-c");
  store->stages().begin(StageId(0), first);
  EXPECT_EQ(store->stages().rejected(), 0U) << "a new round";
  EXPECT_EQ(store->stages().records(), 0U);
  commit(*store, 1);
  store.reset();
  store = open("launch-d");
  store->stages().begin(StageId(0), first);
  EXPECT_EQ(store->stages().records(), 100U) << "of this round";
}

TEST_F(StageStoreTest, ARowMayStandForManyRejectedRecords) {
  PlanEntry first = plan("a", 30);
  first.tables.push_back(
      {std::string(kRejectedTable),
       {{"offset", ColumnType::u64, "", ""}, {std::string(kRejectedCount), ColumnType::u64, "", ""}}});
  const auto rows_of = [&](std::uint64_t unit, std::uint64_t count) {
    std::vector<Rows> rows = make_tables(first.tables);
    for (const std::uint64_t n : {std::uint64_t{1}, count}) {
      rows.back().begin_row(UnitId(unit));
      rows.back().put(n);
      rows.back().put(n);
    }
    ByteWriter out;
    encode_tables(rows, out);
    return out.take();
  };
  {
    auto store = open();
    store->stages().begin(StageId(0), first);
    protocol::CommitPlan here;
    here.done.insert(single(UnitId(1)));
    here.rows.push_back(rows_of(1, 500));
    store->commit(here);
    EXPECT_EQ(store->stages().rejected(), 501U);
    std::uint64_t counted = 0;
    schedule::IntervalSet units;
    units.insert(single(UnitId(2)));
    const SegmentFile file = write_segment(path(), store->recovered().epoch, Rank(1), 1,
                                           {StageId(0), units, first.tables, {rows_of(2, 70)}, {}, &counted});
    EXPECT_EQ(counted, 71U);
    protocol::Segment named;
    named.file = file.file;
    named.length = file.length;
    named.checksum = file.checksum;
    named.units = {single(UnitId(2))};
    named.rejected = counted;
    protocol::CommitPlan segment;
    segment.segments.push_back(named);
    store->commit(segment);
    EXPECT_EQ(store->stages().rejected(), 572U);
  }
  EXPECT_EQ(RunReader::open(path()).stage_infos().at(0).counts.rejected, 572U);
  auto store = open("launch-b");
  store->stages().begin(StageId(0), first);
  EXPECT_EQ(store->stages().rejected(), 572U);
}

TEST_F(StageStoreTest, ATableThatHadFewerColumnsGoesOnWithThoseOfNow) {
  const Column offset{"offset", ColumnType::u64, "", ""}, line{"line", ColumnType::i64, "", ""};
  PlanEntry before = plan("a", 30), now = plan("a", 30);
  before.tables.push_back({std::string(kRejectedTable), {offset}});
  now.tables.push_back({std::string(kRejectedTable), {offset, line}});
  const auto commit = [&](RunStore& store, const PlanEntry& plan, std::uint64_t unit) {
    std::vector<Rows> rows = make_tables(plan.tables);
    rows.back().begin_row(UnitId(unit));
    rows.back().put(unit);
    if (plan.tables.back().schema.size() == 2) rows.back().put(std::int64_t{7});
    ByteWriter out;
    encode_tables(rows, out);
    protocol::CommitPlan made;
    made.done.insert(single(UnitId(unit)));
    made.rows.push_back(out.take());
    store.commit(made);
  };
  {
    auto store = open();
    store->stages().begin(StageId(0), before);
    commit(*store, before, 1);
  }
  for (const unsigned unit : {2U, 3U}) {
    auto store = open("launch-" + std::to_string(unit));
    const StageState state = store->stages().begin(StageId(0), now);
    EXPECT_TRUE(state.resumed);
    EXPECT_EQ(state.why, "");
    EXPECT_EQ(state.round, 0u);
    EXPECT_EQ(state.done.count(), unit - 1);
    EXPECT_EQ(state.plan.tables, now.tables);
    commit(*store, now, unit);
  }
  RunReader run = RunReader::open(path());
  ASSERT_TRUE(run.choose_table(kRejectedTable));
  std::vector<std::pair<std::uint64_t, std::int64_t>> found;
  run.for_each(RunReader::Which::all, [&](const UnitRecord& record) {
    found.emplace_back(record.rows->at<std::uint64_t>(0, record.row), record.rows->at<std::int64_t>(1, record.row));
  });
  EXPECT_EQ(found, (std::vector<std::pair<std::uint64_t, std::int64_t>>{{1, -1}, {2, 7}, {3, 7}}));
}

TEST_F(StageStoreTest, AStageThatGrewKeepsItsUnitsAndIsOpenAgain) {
  PlanEntry shorter = plan("a", 10), longer = plan("a", 15);
  longer.description = "more files";
  {
    auto store = open();
    store->stages().begin(StageId(0), shorter);
    store->commit(part(shorter.tables, 0, 10));
    store->stages().end(stage_end(shorter, "value"));
  }
  for (const char* launch : {"launch-b", "launch-c"}) {
    auto store = open(launch);
    const bool again = launch == std::string("launch-c");
    const StageState state = store->stages().begin(StageId(0), longer, again ? nullptr : &shorter);
    EXPECT_TRUE(state.resumed);
    EXPECT_EQ(state.why, "");
    EXPECT_EQ(state.round, 0u);
    EXPECT_FALSE(state.end);
    EXPECT_EQ(state.plan.units, 15u);
    EXPECT_EQ(state.done, schedule::IntervalSet(make_interval(0, again ? 12 : 10)));
    EXPECT_EQ(partials(*store).size(), again ? 2u : 1u);
    if (!again) store->commit(part(longer.tables, 10, 12));
  }
}

TEST_F(StageStoreTest, AnEndedStageGivesItsValueAndNoWork) {
  PlanEntry first = plan("a", 10), second = plan("b", 5);
  {
    auto store = open();
    store->stages().begin(StageId(0), first);
    store->commit(part(first.tables, 0, 10));
    store->stages().end(stage_end(first, "value"));
    EXPECT_FALSE(store->stages().root_done("print", 1));
    store->stages().record_root("print", 1);
    store->stages().begin(StageId(1), second);
    store->commit(part(second.tables, 0, 2));
  }
  auto store = open("launch-b");
  const StageState state = store->stages().begin(StageId(0), first);
  ASSERT_TRUE(state.end);
  EXPECT_EQ(as_text(*state.end->values.at(0)), "value");
  EXPECT_EQ(state.end->show.at(0).rows.at<double>(0, 0), 2.5);
  EXPECT_EQ(state.end->counts.units, 10u);
  EXPECT_TRUE(store->stages().root_done("print", 1));
  EXPECT_FALSE(store->stages().root_done("print", 2));
  const StageState next = store->stages().begin(StageId(1), second);
  EXPECT_TRUE(next.resumed);
  EXPECT_EQ(next.done.count(), 2u);
}

TEST_F(StageStoreTest, ARankThatTakesOverSkipsTheStagesItHasPassed) {
  PlanEntry first = plan("a", 10), second = plan("b", 5);
  const auto store = open();
  store->stages().begin(StageId(0), first);
  store->commit(part(first.tables, 0, 10));
  const auto early = open_as_heir(Epoch(1));
  EXPECT_FALSE(early->stages().skip_to(StageId(1))) << "the stage has not ended";
  EXPECT_EQ(early->stages().begin(StageId(0), first).done.count(), 10u);
  early->stages().end(stage_end(first, "value"));
  early->stages().record_root("print", 1);
  early->stages().begin(StageId(1), second);
  early->commit(part(second.tables, 0, 2));

  const auto heir = open_as_heir(Epoch(2));
  ASSERT_TRUE(heir->stages().skip_to(StageId(1)));
  EXPECT_EQ(heir->stages().chain(), early->stages().chain());
  EXPECT_TRUE(heir->stages().root_done("print", 1));
  const StageState next = heir->stages().begin(StageId(1), second);
  EXPECT_TRUE(next.resumed) << next.why;
  EXPECT_EQ(next.done.count(), 2u);
}

TEST_F(StageStoreTest, SegmentsOfLivingWorkersStayAtATakeover) {
  PlanEntry first = plan("a", 30);
  auto store = open();
  store->stages().begin(StageId(0), first);
  segment_part(first.tables, 20, 25, store->recovered().epoch, 2);
  const auto heir = open_as_heir(Epoch(1));
  EXPECT_FALSE(std::filesystem::is_empty(path() / "segments"));
}

TEST_F(StageStoreTest, AChangeBeginsNewRoundsFromThereOn) {
  PlanEntry first = plan("a", 10), second = plan("b", 5);
  {
    auto store = open();
    store->stages().begin(StageId(0), first);
    store->commit(part(first.tables, 0, 10));
    store->stages().end(stage_end(first, "value"));
    store->stages().record_root("print", 1);
    store->stages().begin(StageId(1), second);
    store->commit(part(second.tables, 0, 5));
    store->stages().end(stage_end(second, "second"));
  }
  auto store = open("launch-b");
  const StageState state = store->stages().begin(StageId(0), plan("a", 10, "build 2"));
  EXPECT_FALSE(state.resumed);
  EXPECT_EQ(state.round, 1u);
  EXPECT_NE(state.why.find("stage 0 'a' runs again"), std::string::npos) << state.why;
  EXPECT_NE(state.why.find("built anew"), std::string::npos) << state.why;
  store->commit(part(first.tables, 0, 10));
  store->stages().end(stage_end(first, "value"));
  EXPECT_FALSE(store->stages().root_done("print", 1));
  const StageState next = store->stages().begin(StageId(1), plan("b", 5, "build 2"));
  EXPECT_EQ(next.round, 1u);
  EXPECT_TRUE(next.done.empty());
}

TEST_F(StageStoreTest, ALaterStageThatSawAnotherValueDoesNotCount) {
  PlanEntry first = plan("a", 10), second = plan("b", 5);
  {
    auto store = open();
    store->stages().begin(StageId(0), first);
    protocol::CommitPlan commit = part(first.tables, 0, 9);
    commit.dead.push_back({UnitId(9), 1, "bad"});
    store->commit(commit);
    store->stages().end(stage_end(first, "without 9"));
    store->stages().begin(StageId(1), second);
    store->commit(part(second.tables, 0, 5));
    store->stages().end(stage_end(second, "second"));
  }
  auto store = open("launch-b");
  const auto withdrawn = store->stages().withdraw_dead();
  ASSERT_EQ(withdrawn.size(), 1u);
  EXPECT_EQ(withdrawn[0].name, "a");
  EXPECT_EQ(withdrawn[0].units, 1u);
  const StageState state = store->stages().begin(StageId(0), first);
  EXPECT_TRUE(state.resumed);
  EXPECT_FALSE(state.end);
  EXPECT_TRUE(state.dead.empty());
  EXPECT_EQ(state.done.count(), 9u);
  EXPECT_EQ(read_journal(path(), {.commands = false}).standing, 1u);
  store->commit(part(first.tables, 9, 10));
  store->stages().end(stage_end(first, "with 9"));
  EXPECT_EQ(read_journal(path(), {.commands = false}).standing, 1u);
  const StageState next = store->stages().begin(StageId(1), second);
  EXPECT_FALSE(next.resumed);
  EXPECT_NE(next.why.find("a stage before it"), std::string::npos) << next.why;
}

TEST_F(StageStoreTest, ALostSegmentRunsAgainForGood) {
  PlanEntry first = plan("a", 30);
  std::string name;
  {
    auto store = open();
    name = segment_name(store->recovered().epoch);
    store->stages().begin(StageId(0), first);
    store->commit(segment_part(first.tables, 10, 20, store->recovered().epoch, 1));
    store->commit(part(first.tables, 0, 10));
  }
  flip_byte(segment_path(path(), name), 3000);
  const std::string damaged = read_text(segment_path(path(), name));
  {
    auto store = open("launch-b");
    ASSERT_EQ(store->recovered().damage.size(), 1u);
    EXPECT_NE(store->recovered().damage[0].find("checksum"), std::string::npos) << store->recovered().damage[0];
    const StageState state = store->stages().begin(StageId(0), first);
    EXPECT_EQ(state.done, schedule::IntervalSet(make_interval(0, 10)));
    EXPECT_EQ(partials(*store), (std::vector<std::string>{"0-10"}));
    store->commit(part(first.tables, 10, 20));
    store->stages();
  }
  EXPECT_EQ(read_text(path() / "damaged" / name), damaged);
  auto store = open("launch-c");
  EXPECT_TRUE(store->recovered().damage.empty());
  EXPECT_EQ(store->stages().begin(StageId(0), first).done.count(), 20u);
  EXPECT_EQ(partials(*store), (std::vector<std::string>{"0-10", "10-20"}));
}

TEST_F(StageStoreTest, SegmentsThatNoEntryNamesAreRemoved) {
  PlanEntry first = plan("a", 30);
  {
    auto store = open();
    store->stages().begin(StageId(0), first);
    store->commit(segment_part(first.tables, 10, 20, store->recovered().epoch, 1));
    segment_part(first.tables, 20, 25, store->recovered().epoch, 2);
  }
  auto store = open("launch-b");
  std::vector<std::string> names;
  for (const auto& item : std::filesystem::directory_iterator(path() / "segments"))
    names.push_back(item.path().filename());
  EXPECT_EQ(names, (std::vector<std::string>{segment_name(Epoch(1))}));
}

TEST_F(StageStoreTest, RefusesNamesOfTablesThatAreTaken) {
  auto store = open();
  PlanEntry first = plan("a", 1);
  store->stages().begin(StageId(0), first);
  store->commit(part(first.tables, 0, 1));
  store->stages().end(stage_end(first, "v"));
  EXPECT_THROW(store->stages().begin(StageId(1), plan("a", 1)), Error);
  EXPECT_THROW(store->stages().begin(StageId(1), plan("batches", 1)), Error);
  EXPECT_THROW(store->stages().begin(StageId(1), plan("a/b", 1)), Error);
  EXPECT_EQ(store->stages().begin(StageId(1), plan("b", 1)).round, 0u);
}

}  // namespace
}  // namespace kiln::store
