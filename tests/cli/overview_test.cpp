#include "program_overview.hpp"
#include "stage_lines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace kiln::cli {
namespace {

using store::PlanEntry;
using store::StageEndEntry;
using testing::HasSubstr;
using testing::Not;

StageEndEntry::Shown shown(const std::string& name, const Schema& schema, const std::vector<double>& values) {
  Rows rows(schema);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i % schema.size() == 0) rows.begin_row(UnitId(0));
    rows.put(values[i]);
  }
  return {0, {name, schema}, std::move(rows)};
}

Column number(const std::string& name) { return {name, ColumnType::f64, "", ""}; }

// One reduction of a stage, and what it gave.
struct OneValue {
  PlanEntry::Reduce reduce{"v", "sum", true};
  StageEndEntry end;
  explicit OneValue(std::vector<StageEndEntry::Shown> tables, bool empty = false) {
    end.values.emplace_back();
    if (!empty) end.values.front() = Bytes(1);
    end.show = std::move(tables);
  }
  store::ReducedValue value(std::uint32_t stage = 0, bool newest = true) const {
    return {StageId(stage), 0, &reduce, &end, newest};
  }
  std::string text() const { return value_text(value()); }
};

store::RunReader::StageInfo stage(std::uint32_t ordinal, const std::string& name, bool over = true) {
  return {StageId(ordinal), name, "flow " + name, {2500, 2497, 3, 2}, over, over ? 0.25 : 0};
}

TEST(ValueText, IsTheValueWhereItIsSmall) {
  EXPECT_EQ(OneValue({shown("", {number("value")}, {45})}).text(), "45");
  EXPECT_EQ(OneValue({shown("", {number("mean")}, {0.5})}).text(), "mean=0.5");
  EXPECT_EQ(OneValue({shown("", {number("a"), number("b")}, {1, 2})}).text(), "a=1, b=2");
  EXPECT_EQ(OneValue({shown("", {number("value")}, {1, std::numeric_limits<double>::quiet_NaN()})}).text(), "[1, NaN]");
  EXPECT_EQ(OneValue({shown("", {number("value")}, {})}).text(), "[]");
}

TEST(ValueText, IsTheShapeOfALargeValue) {
  EXPECT_EQ(OneValue({shown("", {number("value")}, std::vector<double>(2000))}).text(), "2,000 rows: value");
  EXPECT_EQ(OneValue({shown("", {number("from"), number("to")}, {1, 2, 3, 4})}).text(), "2 rows: from, to");
}

TEST(ValueText, NamesTheTablesOfAValue) {
  const OneValue two({shown("outside", {number("nans")}, {3}), shown("", {number("value")}, {7})});
  EXPECT_EQ(two.text(), "7; outside: nans=3") << "the one without a name first";
  EXPECT_EQ(OneValue({}, true).text(), "empty: no unit gave anything");
}

TEST(StageLines, TellWhatRuns) {
  const std::string text = stage_lines({stage(0, "first"), stage(1, "second", false)}, 10, true);
  EXPECT_THAT(text, HasSubstr("first"));
  EXPECT_THAT(text, HasSubstr("2,497         3          2       0.25\n"));
  EXPECT_THAT(text, HasSubstr("running\n"));
  EXPECT_THAT(stage_lines({stage(0, "first", false)}, 10, false), HasSubstr("not over\n"));
  EXPECT_EQ(stage_lines({}, 10, true), "");
}

TEST(StageLines, OfManyAreTheFirstAndTheLast) {
  std::vector<store::RunReader::StageInfo> stages;
  for (std::uint32_t i = 0; i < 1000; ++i) stages.push_back(stage(i, "turn" + std::to_string(i)));
  const std::string text = stage_lines(stages, 5, false);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 7);
  EXPECT_THAT(text, HasSubstr("turn1 "));
  EXPECT_THAT(text, HasSubstr("995 more"));
  EXPECT_THAT(text, HasSubstr("turn997 "));
  EXPECT_THAT(text, Not(HasSubstr("turn2 ")));
  EXPECT_THAT(stage_lines(stages, 1000, false), Not(HasSubstr("more")));
}

class Overview : public testing::Test {
 protected:
  Overview() {
    all_.directory = "my run.kiln";
    all_.program = "prog\xff";
    all_.stages = {stage(0, "a\nb"), stage(1, "second", false)};
    all_.tables = {{"points",
                    {{"place", ColumnType::f32, "m", "where", 3}, {"codes", ColumnType::i16, "", "", 1, true}},
                    2497,
                    StageId(0)},
                   {"rejected", {{"reason", ColumnType::text, "", ""}}, 2, StageId(0)}};
    all_.reduced = {value_.value(0, false), value_.value(1)};
    for (std::uint64_t unit = 0; unit < 7; ++unit) {
      all_.dead.push_back({StageId(1), {{UnitId(unit), 2, "it\nbroke"}, EntryNumber(1)}});
    }
  }
  OneValue value_{{shown("", {number("value")}, {45})}};
  ProgramOverview all_;
};

TEST_F(Overview, NamesEverythingForPeople) {
  const std::string text = overview_text(all_);
  EXPECT_THAT(text, HasSubstr("my run.kiln: the run of prog\\xFF\n"));
  EXPECT_THAT(text, HasSubstr("a\\nb"));
  EXPECT_THAT(text, HasSubstr("2,497  place[3] codes[]\n"));
  EXPECT_THAT(text, HasSubstr("all             2  reason\n"));
  EXPECT_THAT(text, HasSubstr("45  (and of 1 earlier stage)\n"));
  EXPECT_THAT(text, HasSubstr("  7 failed units:\n    unit 0 of stage 1: it\\nbroke\n"));
  EXPECT_THAT(text, HasSubstr("    and 2 more\n"));
  EXPECT_THAT(text, HasSubstr("kiln results --table points 'my run.kiln'"));
}

TEST_F(Overview, SaysThatNothingHasBegun) {
  ProgramOverview none;
  none.directory = "d";
  none.program = "p";
  EXPECT_EQ(overview_text(none), "d: the run of p\n  no stage has begun\n");
}

TEST_F(Overview, IsOneObjectForPrograms) {
  const auto json = nlohmann::json::parse(overview_json(all_));
  EXPECT_EQ(json["program"], "prog\\xFF");
  EXPECT_EQ(json["stages"][0]["rejected"], 2);
  EXPECT_EQ(json["stages"][1]["over"], false);
  EXPECT_TRUE(json["stages"][1]["seconds"].is_null());
  EXPECT_EQ(json["tables"][0]["columns"][0]["type"], "f32");
  EXPECT_EQ(json["tables"][0]["columns"][0]["count"], 3);
  EXPECT_TRUE(json["tables"][0]["columns"][1]["count"].is_null()) << "each row has its own";
  EXPECT_TRUE(json["tables"][1]["stage"].is_null()) << "of all stages";
  EXPECT_EQ(json["reduced"][1]["tables"][0]["values"][0]["value"], 45);
  EXPECT_EQ(json["reduced"][0]["newest"], false);
  EXPECT_EQ(json["dead_letters"], 7);
}

}  // namespace
}  // namespace kiln::cli
