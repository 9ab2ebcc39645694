#include "units/command_list.hpp"
#include "units/task_file.hpp"

#include "unit/refusal.hpp"

#include <gmock/gmock.h>

namespace kiln::units {
namespace {

using testing::AllOf;
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

TEST(TaskStages, AreInTheOrderOfTheFile) {
  const TaskFile file =
      parse("a\n#kiln stage one\nb\nc\n  #kiln: stage two-2.x after=three,one,one\nd\n#kiln stage three\ne\n");
  ASSERT_EQ(file.stages.size(), 4U);
  EXPECT_EQ(file.stages[0].name, "");
  EXPECT_THAT(file.stages[0].after, IsEmpty());
  EXPECT_EQ(file.stages[1].name, "one");
  EXPECT_EQ(file.stages[1].line, 2);
  EXPECT_EQ(file.stages[2].name, "two-2.x");
  EXPECT_THAT(file.stages[2].after, ElementsAre(1, 3));
  std::vector<std::size_t> stage_of;
  for (std::uint64_t place = 0; place < file.size(); ++place) stage_of.push_back(file.stage_of(place));
  EXPECT_THAT(stage_of, ElementsAre(0, 1, 1, 2, 3));
  EXPECT_THAT(file.commands, ElementsAre("a", "b", "c", "d", "e"));
}

TEST(TaskStages, AFileWithoutThemHasNone) { EXPECT_THAT(parse("a\n#kiln retries=1\nb\n").stages, IsEmpty()); }

TEST(TaskStages, WhatIsSaidOfTheNextCommandStaysSo) {
  const TaskFile file = parse("#kiln retries=1\n#kiln stage one\na\n#kiln stage two\n\n#kiln retries=2\nb\nc\n");
  EXPECT_EQ(file.limits.at(0).retries, 1U);
  EXPECT_EQ(file.limits.at(1).retries, 2U);
  EXPECT_FALSE(file.limits.at(2).retries.has_value());
}

TEST(TaskStages, RepeatsBelongToTheirStage) {
  const TaskFile file = parse("#kiln stage one\n#DISBATCH REPEAT 3 a\n#kiln stage two after=one\nb\n");
  EXPECT_EQ(file.stage_of(2), 0U);
  EXPECT_EQ(file.stage_of(3), 1U);
}

TEST(TaskStages, LinesThatBeginOne) {
  EXPECT_THAT(stage_lines("a\n#kiln stage one\nb\n# no stage two\n#kiln timeout=1\nc\r\n  #kiln: stage two\r\nd"),
              ElementsAre(2, 7));
  EXPECT_THAT(stage_lines("#kiln commands 1\nmade\n#kiln stage one\n"), IsEmpty());
  EXPECT_THAT(stage_lines(""), IsEmpty());
}

TEST(TaskStages, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(complaint("#kiln stage align\na\n#kiln stage call after=alig\nb\n"),
            "tasks.txt:3: #kiln stage: there is no stage alig. Did you mean align?\n"
            "  #kiln stage call after=alig\n"
            "                         ^");
  const std::string itself = complaint("#kiln stage align\na\n#kiln stage fetch after=fetc\nb\n");
  EXPECT_THAT(itself, HasSubstr("there is no stage fetc.\n")) << "it cannot be meant to come after itself";
  EXPECT_THAT(complaint("#kiln stage a\nx\n#kiln stage a\ny\n"),
              AllOf(StartsWith("tasks.txt:3: "), HasSubstr("there is a stage a already, in line 1")));
  EXPECT_THAT(complaint("#kiln stage a\n# nothing\n#kiln stage b\ny\n"),
              AllOf(StartsWith("tasks.txt:1: "), HasSubstr("stage a has no commands")));
  EXPECT_THAT(complaint("#kiln stage a\ny\n#kiln stage b\n"),
              AllOf(StartsWith("tasks.txt:3: "), HasSubstr("stage b has no commands")));
  EXPECT_THAT(complaint("#kiln stage\ny\n"), HasSubstr("a name is missing"));
  EXPECT_THAT(complaint("#kiln stage=a\ny\n"), HasSubstr("a name is missing"));
  EXPECT_THAT(complaint("#kiln stage after=a\ny\n"), HasSubstr("a name is missing"));
  EXPECT_THAT(complaint("#kiln stage b after=\ny\n"), HasSubstr("a name is missing"));
  EXPECT_THAT(complaint("#kiln stage b after=a,\ny\n"), HasSubstr("a name is missing"));
  EXPECT_THAT(complaint("#kiln stage b after=a, c\ny\n"), HasSubstr("a name is missing"));
  EXPECT_THAT(complaint("#kiln stage b after=a after=c\ny\n"), HasSubstr("given twice"));
  EXPECT_THAT(complaint("#kiln stage b afer=a\ny\n"), HasSubstr("Did you mean after=?"));
  EXPECT_EQ(complaint("#kiln stage b/c\ny\n"),
            "tasks.txt:1: #kiln stage: a name has letters, digits, '_', '-' and '.' only\n"
            "  #kiln stage b/c\n"
            "               ^");
  EXPECT_THAT(complaint("#kiln stage \xC3\xA4\ny\n"), HasSubstr("a name has letters"));
  EXPECT_THAT(complaint("#kiln stage " + std::string(61, 'x') + "\ny\n"), HasSubstr("at most 60 letters"));
  EXPECT_THAT(complaint("#kiln stag a\ny\n"), HasSubstr("Did you mean stage?"));
  EXPECT_THAT(complaint("#kiln retries=1 stage a\ny\n"), HasSubstr("stage comes first"));
}

TEST(TaskStages, ARingIsShown) {
  EXPECT_THAT(complaint("#kiln stage a after=a\nx\n"), HasSubstr("stages wait for each other: a after a\n"));
  EXPECT_EQ(
      complaint("#kiln stage z\nw\n#kiln stage a after=z,c\nx\n#kiln stage b after=a\ny\n#kiln stage c after=b\nz\n"),
      "tasks.txt:3: #kiln stage: stages wait for each other: a after c after b after a\n"
      "  #kiln stage a after=z,c\n"
      "  ^");
}

TEST(TaskStages, ThousandsInARow) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) {
    text += "#kiln stage s" + std::to_string(i) + (i == 0 ? "" : " after=s" + std::to_string(i - 1)) + "\nx\n";
  }
  EXPECT_EQ(parse(text).stages.size(), 20'000U);
}

}  // namespace
}  // namespace kiln::units
