#include "units/command_list.hpp"

#include "unit/refusal.hpp"

#include <gmock/gmock.h>
#include <kiln/error.hpp>

#include <string>

namespace kiln::units {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Bytes bytes_of(std::string_view text) {
  const ByteView view = as_bytes(text);
  return {view.begin(), view.end()};
}

std::string written(std::string_view origin, const std::vector<std::string>& commands) {
  std::string text;
  CommandListWriter list([&text](std::string_view piece) { text += piece; }, origin);
  for (const std::string& command : commands) list.add(command);
  return text;
}

std::string complaint(const std::string& text) {
  return refusal_of(ExitCode::bad_input, [&] { parse_source(bytes_of(text), "the list"); });
}

TEST(CommandList, KeepsEveryByteOfACommand) {
  std::string all;
  for (int byte = 1; byte < 256; ++byte) all += static_cast<char>(byte);
  const TaskFile file = parse_source(bytes_of(written("echo {}", {"echo a\nb", "", "# no comment", all})), "list");
  EXPECT_EQ(file.form, TaskFile::Form::list);
  EXPECT_EQ(file.origin, "echo {}");
  EXPECT_THAT(file.commands, ElementsAre("echo a\nb", "", "# no comment", all));
  EXPECT_THAT(file.lines, ElementsAre(1, 2, 3, 4));
  EXPECT_EQ(file.place(3), "");
}

TEST(CommandList, IsToldFromATaskFile) {
  const TaskFile file = parse_source(bytes_of("#kiln timeout=3s\necho a\n"), "tasks.txt");
  EXPECT_EQ(file.form, TaskFile::Form::lines);
  EXPECT_EQ(file.origin, "");
  EXPECT_THAT(file.commands, ElementsAre("echo a"));
  EXPECT_EQ(file.place(2), "tasks.txt:2");
  EXPECT_THAT(parse_source(bytes_of(""), "tasks.txt").commands, IsEmpty());
}

TEST(CommandList, MayBeEmpty) { EXPECT_THAT(parse_source(bytes_of(written("", {})), "list").commands, IsEmpty()); }

TEST(CommandList, IsRefusedWhenItIsCutOrNew) {
  const std::string whole = written("origin", {"a", "bc"});
  EXPECT_THAT(complaint(whole.substr(0, whole.size() - 1)), HasSubstr("command 2"));
  EXPECT_THAT(complaint(whole.substr(0, 20)), HasSubstr("head"));
  EXPECT_THAT(complaint("#kiln commands 2\n"), HasSubstr("another version"));
  EXPECT_THAT(complaint("#kiln commands 1"), HasSubstr("another version"));
  EXPECT_THAT(complaint(written("", {"a", std::string(kLongestCommand + 1, 'x')})), HasSubstr("command 2"));
}

TEST(CommandList, TellsItsOriginFromItsBeginning) {
  const std::string whole = written("echo {}", {"a"});
  EXPECT_EQ(source_origin(whole), "echo {}");
  EXPECT_EQ(source_origin(whole.substr(0, whole.size() - 2)), "echo {}");
  EXPECT_EQ(source_origin(whole.substr(0, 20)), "");
  EXPECT_EQ(source_origin("echo a\n"), "");
}

}  // namespace
}  // namespace kiln::units
