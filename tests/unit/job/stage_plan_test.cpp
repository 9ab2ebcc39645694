#include "job/stage_plan.hpp"

#include <gtest/gtest.h>
#include <kiln/error.hpp>

namespace kiln::job {
namespace {

detail::StagePlan plan_of(const std::string& description) {
  detail::StagePlan plan;
  plan.name = "a";
  plan.description = description;
  return plan;
}

TEST(StagePlan, TheRecordOfASetupComesBack) {
  const SetupRecord record = decode_setup_record(encode(SetupRecord{"a machine", Bytes(3), "stage 0 'a'\n"}));
  EXPECT_EQ(record.machine, "a machine");
  EXPECT_EQ(record.source, Bytes(3));
  EXPECT_EQ(record.plan, "stage 0 'a'\n");
  ByteWriter old;
  old.put_text("of an older kiln");
  old.put_bytes(Bytes(2));
  EXPECT_EQ(decode_setup_record(old.view()).plan, "");
  Bytes cut = encode(record);
  cut.pop_back();
  EXPECT_THROW(decode_setup_record(cut), Error);
}

TEST(StagePlan, AChangedPlanIsSaidByItsLines) {
  const std::string old = "stage 0 'a'\n  range(10) | map -> rows r\n";
  EXPECT_EQ(plan_change(old, "stage 0 'a'\n  range(20) | map -> rows r\n"),
            ": it was [range(10) | map -> rows r], it is [range(20) | map -> rows r]");
  EXPECT_EQ(plan_change(old, old), " (the columns of its tables, or of what it reads)");
  EXPECT_EQ(plan_change("", old), "");
}

TEST(StagePlan, ARecordedSourceBindsOnlyTheSameStage) {
  const StageGround ground{"build", 7, 9};
  const detail::StagePlan plan = plan_of("flow a lines map");
  for (const char* source : {"", "2 files"}) {
    store::PlanEntry stored = plan_entry(plan, ground, source, 10);
    EXPECT_EQ(stored.units, 10u);
    stored.before = 9;
    EXPECT_TRUE(same_but_source(stored, plan, ground)) << source;
    EXPECT_FALSE(same_but_source(stored, plan_of("flow a lines"), ground));
    EXPECT_FALSE(same_but_source(stored, plan_of("flow a lines map map"), ground));
    EXPECT_FALSE(same_but_source(stored, plan, {"build 2", 7, 9}));
    EXPECT_FALSE(same_but_source(stored, plan, {"build", 8, 9}));
    EXPECT_FALSE(same_but_source(stored, plan, {"build", 7, 10}));
  }
}

TEST(StagePlan, PrioritiesOfUnitsBecomeRuns) {
  detail::StagePlan plan = plan_of("");
  EXPECT_TRUE(priority_classes(plan, 10).empty());
  plan.priority = [](UnitId unit) { return unit.value() < 2 ? 5 : unit.value() < 6 ? 0 : -1; };
  const auto classes = priority_classes(plan, 9);
  ASSERT_EQ(classes.size(), 2u);
  EXPECT_EQ(classes[0].interval, make_interval(0, 2));
  EXPECT_EQ(classes[0].priority, 5);
  EXPECT_EQ(classes[1].interval, make_interval(6, 9));
  EXPECT_EQ(classes[1].priority, -1);
  EXPECT_TRUE(priority_classes(plan, 0).empty());
}

}  // namespace
}  // namespace kiln::job
