#include "store/run_store.hpp"

#include "store/crash_mark.hpp"
#include "store/reign.hpp"

#include "run_fixture.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::store {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class RunStoreTest : public RunFixture {};

TEST_F(RunStoreTest, ANewRunKnowsNothing) {
  const auto store = open();
  EXPECT_TRUE(store->recovered().created);
  EXPECT_EQ(store->recovered().epoch, Epoch(1));
  EXPECT_EQ(store->recovered().units, 0u);
  EXPECT_EQ(store->recovered().launches, 0u);
  EXPECT_EQ(store->recovered().highest, EntryNumber(0));
  EXPECT_EQ(store->recovered().facts.seed, 5u);
  EXPECT_TRUE(store->recovered().damage.empty());
}

TEST_F(RunStoreTest, WhatWasCommittedIsThereAgain) {
  {
    const auto store = open();
    set_commands(*store, up_to(10));
    store->commit(done_plan(2, 5), exec::command_schema());
    store->commit(dead_plan(7, "exit code 3"), exec::command_schema());
    store->end({"launch-a", protocol::Outcome::interrupted, 75, 1.0});
    store->release();
  }
  const auto store = open("launch-b");
  const Recovered& recovered = store->recovered();
  EXPECT_FALSE(recovered.created);
  EXPECT_EQ(recovered.epoch, Epoch(2));
  EXPECT_EQ(recovered.done.intervals(), (std::vector{make_interval(2, 5)}));
  ASSERT_EQ(recovered.dead.size(), 1u);
  EXPECT_EQ(recovered.dead[0].unit, UnitId(7));
  EXPECT_EQ(recovered.dead[0].attempts, 3u);
  EXPECT_EQ(recovered.dead[0].reason, "exit code 3");
  EXPECT_EQ(recovered.units, 10u);
  EXPECT_EQ(recovered.launches, 1u);
  ASSERT_TRUE(recovered.last_end);
  EXPECT_EQ(recovered.last_end->exit_code, 75);
  EXPECT_EQ(as_text(store->source_copy()).substr(0, 20), "command 0\ncommand 1\n");
}

TEST_F(RunStoreTest, AMarkOfACrashIsSeenByItsLaunch) {
  const auto store = open();
  write_text(crash_mark(store->directory().path(), "launch-a", Rank(3)), "");
  write_text(crash_mark(store->directory().path(), "launch-b", Rank(4)), "");
  EXPECT_FALSE(store->find_crash_mark(Rank(4)));
  EXPECT_TRUE(store->find_crash_mark(Rank(3)));
}

TEST_F(RunStoreTest, MarksThatNobodyHasSeenAreThereForTheNextLaunch) {
  open().reset();
  write_text(crash_mark(path(), "launch-a", Rank(3)), "3 2 40 41 b-1\nkiln: rank 3: …");
  write_text(crash_mark(path(), "launch-a", Rank(1)), "1 0 5 90 b-2\n");
  for (const std::string_view bad : {"", "4", "4 0 7 8", "4 0 7 7 b", "-4 0 7 8", "rank 3: the program was ended"}) {
    write_text(crash_mark(path(), fmt::format("launch-{}", bad.size()), Rank(4)), bad);
  }
  const auto store = open();
  const auto& crashed = store->recovered().crashed;
  ASSERT_EQ(crashed.size(), 2U);
  EXPECT_EQ(crashed[0].rank, Rank(1));
  EXPECT_EQ(crashed[0].units, make_interval(5, 90));
  EXPECT_EQ(crashed[1].rank, Rank(3));
  EXPECT_EQ(crashed[0].build, "b-2");
  EXPECT_EQ(crashed[1].stage, StageId(2));
  EXPECT_EQ(crashed[1].units, single(UnitId(40)));
}

TEST_F(RunStoreTest, MarksOfCrashesStayUntilTheRunIsOver) {
  const auto marks = [this] {
    std::size_t count = 0;
    for (const auto& item : fs::directory_iterator(path())) {
      count += item.path().filename().string().find("crashed") == std::string::npos ? 0 : 1;
    }
    return count;
  };
  const auto leave = [this](std::string_view launch) { write_text(crash_mark(path(), launch, Rank(3)), ""); };
  {
    const auto store = open();
    leave("launch-a");
    EXPECT_EQ(marks(), 1u);
    store->end({"launch-a", protocol::Outcome::interrupted, 75, 1.0});
    store->release();
    EXPECT_EQ(marks(), 1u) << "all of the job may have been ended for it";
  }
  leave("launch-a");
  open("launch-b").reset();
  leave("launch-b");
  const auto store = open("launch-c");
  EXPECT_EQ(marks(), 2u);
  store->end({"launch-c", protocol::Outcome::complete, 0, 1.0});
  store->release();
  EXPECT_EQ(marks(), 0u);
}

TEST_F(RunStoreTest, AWithdrawnDeadLetterIsOpenAgain) {
  {
    const auto store = open();
    set_commands(*store, up_to(3));
    store->commit(dead_plan(1, "first"), exec::command_schema());
  }
  {
    const auto store = open("launch-b");
    store->withdraw(schedule::IntervalSet(make_interval(1, 2)));
    EXPECT_TRUE(store->recovered().dead.empty());
    store->withdraw({});
  }
  {
    const auto store = open("launch-c");
    EXPECT_TRUE(store->recovered().dead.empty());
    store->commit(dead_plan(1, "second"), exec::command_schema());
  }
  const auto store = open("launch-d");
  ASSERT_EQ(store->recovered().dead.size(), 1u);
  EXPECT_EQ(store->recovered().dead[0].reason, "second");
}

TEST_F(RunStoreTest, WhatWasGivenAndHasNoResultIsToldToWhoeverComesNext) {
  {
    const auto store = RunStore::open(options());
    set_commands(*store, {0, 1, 2, 3});
    store->give(schedule::IntervalSet(make_interval(0, 3)));
    store->commit(done_plan(0, 1), exec::command_schema());
    store->release();
  }
  {
    const auto store = RunStore::open(options("launch-b"));
    EXPECT_EQ(store->recovered().given.intervals(), (std::vector{make_interval(1, 3)}));
    store->commit(dead_plan(1, "lost"), exec::command_schema());
    store->give(schedule::IntervalSet(make_interval(3, 4)));
    store->end({"launch-b", protocol::Outcome::interrupted, 75, 0});
    store->release();
  }
  EXPECT_EQ(RunStore::open(options("launch-c"))->recovered().given.intervals(), (std::vector{make_interval(2, 3)}))
      << "what that launch gave, and nothing else, is released by its end";
}

TEST_F(RunStoreTest, IdsStayWhenTheFileChanges) {
  {
    const auto store = open();
    set_commands(*store, {0, 1, 2});
  }
  {
    const auto store = open("launch-b");
    const EntryNumber before = store->last();
    set_commands(*store, {0, 1, 2});
    EXPECT_EQ(store->last(), before) << "an unchanged source says nothing";
    set_commands(*store, {5, 2, 0});
    EXPECT_EQ(store->last(), before.next());
  }
  const auto store = open("launch-c");
  EXPECT_EQ(store->recovered().units, 4u);
  set_commands(*store, {5, 2, 0});
  EXPECT_EQ(store->registry().lines(), (std::vector<std::int64_t>{3, -1, 2, 1}));
  EXPECT_EQ(read_text(path() / "source/1"), "command 0\ncommand 1\ncommand 2\n");
  EXPECT_EQ(read_text(path() / "source/2"), "command 5\ncommand 2\ncommand 0\n");
}

TEST_F(RunStoreTest, ALivingOwnerIsRefusedAndTakeoverForcesIt) {
  const auto first = open();
  set_commands(*first, up_to(4));
  LivenessClock clock = LivenessClock::real();
  clock.wait = [&](Duration) { first->beat(); };  // it beats while the other looks
  clock.process_start = [](std::int32_t) { return this_process().process_start; };
  RunStoreOptions second = options("launch-b");
  second.owner_deadline = std::chrono::seconds(60);
  // The same process is taken for another one by its launch.
  try {
    RunStore::open(second, clock);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::run_directory);
    EXPECT_THAT(error.what(), HasSubstr("is in use"));
    EXPECT_THAT(error.what(), HasSubstr("--takeover"));
  }
  EXPECT_NO_THROW(first->commit(done_plan(0, 1), exec::command_schema()));
  second.takeover = true;
  const auto taken = RunStore::open(second, clock);
  EXPECT_EQ(taken->recovered().done.count(), 1u);
  EXPECT_THROW(first->commit(done_plan(1, 2), exec::command_schema()), Deposed);
  EXPECT_NO_THROW(taken->commit(done_plan(1, 3), exec::command_schema()));
}

TEST_F(RunStoreTest, ARankOfTheRunTakesOverFromItsCoordinatorOnly) {
  const auto first = open();
  set_commands(*first, up_to(4));
  first->commit(done_plan(0, 1), exec::command_schema());
  RunStoreOptions heir = options("launch-a");
  heir.follows = first->recovered().epoch;
  const auto second = RunStore::open(heir);  // the first one beats: nobody asks
  EXPECT_EQ(second->recovered().done.count(), 1u);
  EXPECT_EQ(second->recovered().epoch, first->recovered().epoch.next());
  EXPECT_THROW(first->check_reign(), Deposed);
  EXPECT_THROW(first->look_at_reign(), Deposed);
  EXPECT_THROW(first->write_results(exec::command_schema()), Deposed);
  EXPECT_FALSE(std::filesystem::exists(path() / "results.h5"));
  first->beat();
  EXPECT_EQ(parse_owner(read_small_file(path() / "owner.json").value())->epoch, second->recovered().epoch);
  EXPECT_NO_THROW(second->check_reign());
  EXPECT_NO_THROW(second->look_at_reign());
  EXPECT_EQ(owning_launch(path()), "launch-a");
  EXPECT_EQ(last_epoch(path()), second->recovered().epoch);
  EXPECT_THROW(first->commit(done_plan(1, 2), exec::command_schema()), Deposed);
  EXPECT_THROW(RunStore::open(heir), Deposed);
  std::filesystem::remove_all(path());
  EXPECT_THROW(RunStore::open(heir), Error);
  EXPECT_FALSE(std::filesystem::exists(path() / "run.json"));
}

TEST_F(RunStoreTest, NothingIsToBeTakenOverAfterTheEnd) {
  const auto store = open();
  set_commands(*store, up_to(1));
  EXPECT_FALSE(launch_end(path(), "launch-a"));
  store->commit(done_plan(0, 1), exec::command_schema());
  EXPECT_FALSE(launch_end(path(), "launch-a"));
  store->end({"launch-a", protocol::Outcome::units_failed, 1, 5});
  EXPECT_EQ(launch_end(path(), "launch-a").value().exit_code, 1);
  EXPECT_FALSE(launch_end(path(), "launch-b"));
}

TEST_F(RunStoreTest, FreshBeginsAnew) {
  {
    const auto store = open();
    set_commands(*store, up_to(4));
    store->commit(done_plan(0, 4), exec::command_schema());
    store->release();
  }
  RunStoreOptions fresh = options("launch-b");
  fresh.fresh = true;
  fresh.seed = 99;
  const auto store = RunStore::open(fresh);
  EXPECT_TRUE(store->recovered().created);
  EXPECT_TRUE(store->recovered().done.empty());
  EXPECT_EQ(store->recovered().units, 0u);
  EXPECT_EQ(store->recovered().facts.seed, 99u);
}

TEST_F(RunStoreTest, FreshDoesNotDeleteBelowAStoppedOwner) {
  const auto store = open();
  set_commands(*store, up_to(2));
  store->commit(done_plan(0, 1), exec::command_schema());
  RunStoreOptions fresh = options("launch-b");
  fresh.fresh = true;
  EXPECT_THROW(RunStore::open(fresh), Error);  // this process lives and does not beat
  EXPECT_NO_THROW(store->commit(done_plan(1, 2), exec::command_schema()));
  fresh.takeover = true;
  EXPECT_TRUE(RunStore::open(fresh)->recovered().created);
}

TEST_F(RunStoreTest, FreshMendsADamagedRunJson) {
  open()->release();
  write_text(path() / "run.json", "{");
  EXPECT_THROW(open("launch-b"), Error);
  RunStoreOptions fresh = options("launch-c");
  fresh.fresh = true;
  EXPECT_TRUE(RunStore::open(fresh)->recovered().created);
}

TEST_F(RunStoreTest, FreshSparesARunOfAnotherKind) {
  RunStoreOptions other = options();
  other.kind = "flow";
  RunStore::open(other)->release();
  RunStoreOptions fresh = options("launch-b");
  fresh.fresh = true;
  EXPECT_THROW(RunStore::open(fresh), Error);
  EXPECT_EQ(RunDirectory::open(path()).facts().kind, "flow");
}

TEST_F(RunStoreTest, OnlyTheUnitsOfADamagedCommitRunAgain) {
  EntryNumber victim;
  {
    const auto store = open();
    set_commands(*store, up_to(9));
    store->commit(done_plan(0, 3), exec::command_schema());
    victim = store->commit(done_plan(3, 6), exec::command_schema());
    store->commit(done_plan(6, 9), exec::command_schema());
  }
  flip_byte(path() / fmt::format("journal/000/{:09}.h5", victim.value()), 700);
  {
    const auto store = open("launch-b");
    EXPECT_EQ(store->recovered().done.intervals(), (std::vector{make_interval(0, 3), make_interval(6, 9)}));
    ASSERT_EQ(store->recovered().damage.size(), 1u);
    EXPECT_THAT(store->recovered().damage[0], HasSubstr("000000004.h5"));
    store->commit(done_plan(3, 6), exec::command_schema());
  }
  const auto store = open("launch-c");
  EXPECT_TRUE(store->recovered().damage.empty()) << "said once: " << store->recovered().damage[0];
  EXPECT_EQ(store->recovered().done.count(), 9u);
}

TEST_F(RunStoreTest, ADamagedSourceIsRebuilt) {
  for (const bool last : {false, true}) {
    fs::remove_all(path());
    EntryNumber victim;
    {
      const auto store = open();
      set_commands(*store, {0, 1, 2});
      victim = store->last();
      if (!last) set_commands(*store, {2, 0, 7});
      store->commit(done_plan(0, 2), exec::command_schema());
    }
    flip_byte(path() / fmt::format("journal/000/{:09}.h5", victim.value()), 700);
    for (const char* launch : {"launch-b", "launch-c"}) {
      const auto store = open(launch);
      EXPECT_EQ(store->recovered().done.count(), 2u);
      EXPECT_EQ(store->recovered().units, last && launch == std::string("launch-b") ? 3u : 4u);
      EXPECT_EQ(store->recovered().damage.empty(), launch == std::string("launch-c"));
      set_commands(*store, {2, 0, 7});
      EXPECT_EQ(store->registry().lines(), (std::vector<std::int64_t>{2, -1, 1, 3})) << launch;
    }
  }
}

TEST_F(RunStoreTest, ALostSourceTakesNoIdTwice) {
  {
    const auto store = open();
    set_commands(*store, {0, 1, 2});
    store->commit(done_plan(0, 2), exec::command_schema());
  }
  flip_byte(path() / "journal/000/000000002.h5", 700);
  fs::remove(path() / "source/1.units");
  const auto store = open("launch-b");
  set_commands(*store, {0, 1, 2});
  EXPECT_EQ(store->registry().lines(), (std::vector<std::int64_t>{-1, -1, 1, 2, 3}));
  EXPECT_EQ(store->recovered().damage.size(), 2u);
}

TEST_F(RunStoreTest, RowsOfACommitMayComeInAnyOrder) {
  const auto store = open();
  set_commands(*store, up_to(8));
  protocol::CommitPlan plan;
  plan.done.insert(make_interval(0, 8));
  plan.rows = {blob({{.unit = 5}, {.unit = 7}}), blob({{.unit = 0}, {.unit = 6}}), blob({}),
               blob({{.unit = 1}, {.unit = 2}, {.unit = 3}, {.unit = 4}})};
  const EntryNumber number = store->commit(plan, exec::command_schema());
  const EntryFile file(path() / fmt::format("journal/000/{:09}.h5", number.value()));
  EXPECT_EQ(file.row_units(0, 0, 8), (std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(file.rows(0, 6, 1).text_at(0, 0), "command 6");
}

TEST_F(RunStoreTest, BadRowsAreRefused) {
  const auto store = open();
  const EntryNumber before = store->last();
  protocol::CommitPlan plan = done_plan(0, 2);
  plan.rows[0].pop_back();
  EXPECT_THROW(store->commit(plan, exec::command_schema()), Error);
  EXPECT_EQ(store->last(), before);
}

}  // namespace
}  // namespace kiln::store
