#include "units/task_file.hpp"

#include "unit/refusal.hpp"

#include <gmock/gmock.h>
#include <kiln/error.hpp>

#include <set>

namespace kiln::units {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TaskFile parse(std::string_view text) {
  return parse_task_file({as_bytes(text).begin(), as_bytes(text).end()}, "tasks.txt");
}

std::string complaint(std::string_view text) {
  return refusal_of(ExitCode::bad_input, [&] { parse(text); });
}

UnitLimits limits(std::optional<Duration> timeout, std::optional<std::uint32_t> retries = {},
                  std::optional<std::int32_t> priority = {}) {
  return {timeout, retries, priority};
}

TEST(KilnDirective, IsForTheNextCommand) {
  const TaskFile file = parse("a\n#kiln timeout=10m retries=2 priority=-5\nb\nc\n");
  EXPECT_EQ(file.limits.at(0), UnitLimits());
  EXPECT_EQ(file.limits.at(1), limits(10min, 2, -5));
  EXPECT_EQ(file.limits.at(2), UnitLimits());
  EXPECT_EQ(file.fields(1).timeout, 10min);
  EXPECT_FALSE(file.fields(0).timeout.has_value());
}

TEST(KilnDirective, BeforeABlankLineIsForTheRest) {
  const TaskFile file =
      parse("a\n#kiln timeout=1m retries=1\n \nb\n  #kiln retries=3\nc\n\nd\n#kiln priority=1\n\ne\n");
  EXPECT_EQ(file.limits.at(0), UnitLimits());
  EXPECT_EQ(file.limits.at(1), limits(1min, 1));
  EXPECT_EQ(file.limits.at(2), limits(1min, 3));
  EXPECT_EQ(file.limits.at(3), limits(1min, 1));
  EXPECT_EQ(file.limits.at(4), limits({}, {}, 1));  // another such replaces the first
}

TEST(KilnDirective, SeveralLinesAddUp) {
  const TaskFile file =
      parse("#kiln timeout=1m\n#kiln: retries=1\n#kiln timeout=none\na\n#kiln retries=4\n# words\n\nb\n");
  EXPECT_EQ(file.limits.at(0), limits(0s, 1));
  EXPECT_EQ(file.limits.at(1), limits({}, 4));
}

TEST(KilnDirective, OrdinaryCommentsAreNone) {
  const TaskFile file = parse("# kiln timeout=x\n#kilns\n#KILN timeout=x\n#SBATCH --time=10\n#PBS -l x\na\n");
  EXPECT_TRUE(file.limits.empty());
  EXPECT_THAT(file.commands, ElementsAre("a"));
}

TEST(KilnDirective, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(complaint("a\n#kiln timout=3\nb\n"), StartsWith("tasks.txt:2: #kiln: there is no key 'timout'"));
  EXPECT_THAT(complaint("#kiln timout=3\n"), HasSubstr("timeout, retries and priority"));
  EXPECT_THAT(complaint("#kiln timeout=0\na\n"), HasSubstr("timeout does not take '0'"));
  EXPECT_THAT(complaint("#kiln timeout=\na\n"), HasSubstr("timeout does not take ''"));
  EXPECT_THAT(complaint("#kiln timeout\na\n"), HasSubstr("timeout needs a value"));
  EXPECT_THAT(complaint("#kiln retries=-1\na\n"), HasSubstr("retries does not take '-1'"));
  EXPECT_THAT(complaint("#kiln retries=1000001\na\n"), HasSubstr("retries"));
  EXPECT_THAT(complaint("#kiln priority=1.5\na\n"), HasSubstr("priority does not take '1.5'"));
  EXPECT_THAT(complaint("#kiln priority=--5\na\n"), HasSubstr("priority"));
  EXPECT_THAT(complaint("#kiln priority=1000001\na\n"), HasSubstr("priority"));
  EXPECT_THAT(complaint("#kiln retries=1 retries=1\na\n"), HasSubstr("retries is given twice"));
  EXPECT_THAT(complaint("#kiln\na\n"), HasSubstr("says nothing"));
  EXPECT_EQ(complaint("#kiln retries=x\na\n"),
            "tasks.txt:1: #kiln: retries does not take 'x'; accepted: a whole number from 0 to 1000000\n"
            "  #kiln retries=x\n"
            "                ^");
  EXPECT_THAT(complaint("#kiln timout=3\n"), HasSubstr("Did you mean timeout?"));
}

TEST(DisbatchDirective, PrefixAndSuffixAreWordForWord) {
  const TaskFile file = parse("a\n#DISBATCH PREFIX cd x ; \n#DISBATCH SUFFIX  > log\nb\n#DISBATCH prefix\nc 1\n");
  EXPECT_THAT(file.commands, ElementsAre("a", "cd x ; b > log", "c 1 > log"));
  EXPECT_THAT(file.lines, ElementsAre(1, 4, 6));
  EXPECT_THAT(file.repeats, IsEmpty());
}

TEST(DisbatchDirective, RepeatsCount) {
  const TaskFile file =
      parse("first\n#DISBATCH REPEAT 3 start 100 step 50 run it \n#DISBATCH PREFIX p\n#DISBATCH REPEAT 2\nx\n");
  EXPECT_THAT(file.commands, ElementsAre("first", "run it ", "run it ", "run it ", "p", "p", "px"));
  EXPECT_THAT(file.repeats, ElementsAre(-1, 100, 150, 200, 0, 1, -1));
  EXPECT_THAT(file.lines, ElementsAre(1, 2, 2, 2, 4, 4, 5));
  EXPECT_FALSE(file.fields(0).repeat.has_value());
  EXPECT_EQ(file.fields(2).repeat, 150U);
  EXPECT_EQ(file.fields(2).place, 2U);
  EXPECT_EQ(file.fields(2).line, 2U);
  std::string scratch;
  std::set<std::string> keys;
  for (std::uint64_t place = 0; place < file.size(); ++place) keys.emplace(file.key(place, scratch));
  EXPECT_EQ(keys.size(), 7U);
  EXPECT_EQ(file.key(0, scratch), "first");
  EXPECT_THAT(parse("#DISBATCH REPEAT 0 a\n").commands, IsEmpty());
  EXPECT_THAT(parse("#DISBATCH REPEAT 1 start 5 start\n").commands, ElementsAre("start"));
}

TEST(DisbatchDirective, LimitsHoldForAllRepeats) {
  const TaskFile file = parse("#kiln retries=2\n#DISBATCH REPEAT 2 a\nb\n");
  EXPECT_EQ(file.limits.at(1), limits({}, 2));
  EXPECT_EQ(file.limits.at(2), UnitLimits());
}

TEST(DisbatchDirective, SaysWhatIsWrongAndWhere) {
  EXPECT_THAT(complaint("a\n#DISBATCH BARRIER\nb\n"), StartsWith("tasks.txt:2: #DISBATCH BARRIER is not supported"));
  EXPECT_THAT(complaint("#DISBATCH BARRIER CHECK\n"), HasSubstr("#kiln stage second after=first"));
  EXPECT_THAT(complaint("#DISBATCH PERENGINE START x\n"), HasSubstr("PERENGINE is not supported"));
  EXPECT_THAT(complaint("#DISBATCH PREFX x\n"), HasSubstr("'#DISBATCH PREFX' is no directive"));
  EXPECT_THAT(complaint("#DISBATCHX\n"), HasSubstr("is no directive"));
  EXPECT_THAT(complaint("#DISBATCH\n"), HasSubstr("is no directive"));
  EXPECT_THAT(complaint("#DISBATCH REPEAT\n"), HasSubstr("the count is a whole number"));
  EXPECT_THAT(complaint("#DISBATCH REPEAT x\n"), HasSubstr("not 'x'"));
  EXPECT_THAT(complaint("#DISBATCH REPEAT 5 start x\n"), HasSubstr("start is a whole number"));
  EXPECT_THAT(complaint("#DISBATCH REPEAT 5 step\n"), HasSubstr("step is a whole number"));
  EXPECT_THAT(complaint("#DISBATCH REPEAT 100000001 a\n"), HasSubstr("the count"));
  EXPECT_THAT(complaint("#DISBATCH REPEAT 3 start 1 step 999999999999999999 a\n"), HasSubstr("the last index"));
  EXPECT_THAT(complaint("a\n#DISBATCH REPEAT 3\n"), StartsWith("tasks.txt:2: #DISBATCH REPEAT without a command"));
  const std::string long_prefix = "#DISBATCH PREFIX " + std::string(131'071, 'x') + "\n";
  EXPECT_THAT(complaint(long_prefix + "ab\n"), StartsWith("tasks.txt:2: the line has 131073 bytes"));
}

TEST(DisbatchDirective, OtherCommentsAreNone) {
  EXPECT_THAT(parse("# DISBATCH BARRIER\n#disbatch barrier\n #DISBATCH BARRIER\na\n").commands, ElementsAre("a"));
}

}  // namespace
}  // namespace kiln::units
