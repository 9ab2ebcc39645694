#include "units/task_file.hpp"
#include "unit/temp_folder.hpp"

#include "units/input_file.hpp"

#include "unit/refusal.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>
#include <kiln/error.hpp>

#include <fstream>
#include <functional>

namespace kiln::units {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Bytes bytes_of(std::string_view text) {
  const ByteView view = as_bytes(text);
  return {view.begin(), view.end()};
}

TaskFile parse(std::string_view text) { return parse_task_file(bytes_of(text), "tasks.txt"); }

std::string message_of(const std::function<void()>& call) { return refusal_of(ExitCode::bad_input, call); }

TEST(TaskFile, KeepsCommandsVerbatimWithTheirLines) {
  const TaskFile file = parse("#!/bin/bash\n echo  a \n\n  \t\n# note\n   # another\necho '#'\nlast");
  EXPECT_THAT(file.commands, ElementsAre(" echo  a ", "echo '#'", "last"));
  EXPECT_THAT(file.lines, ElementsAre(2, 7, 8));
}

TEST(TaskFile, KeepsTheBytesForTheCopy) {
  const std::string text = "a\r\n# b\n";
  const TaskFile file = parse(text);
  EXPECT_EQ(as_text(file.bytes), text);
  EXPECT_THAT(file.commands, ElementsAre("a"));
}

TEST(TaskFile, DropsOneCarriageReturn) {
  testing::internal::CaptureStderr();
  const TaskFile file = parse("a\r\nb\r\n\r\nc\n");
  EXPECT_THAT(file.commands, ElementsAre("a", "b", "c"));
  EXPECT_THAT(file.lines, ElementsAre(1, 2, 4));
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("CR"));
  EXPECT_EQ(log.find("CR LF"), log.rfind("CR LF")) << "warned more than once";
}

TEST(TaskFile, EmptyFilesHaveNoCommands) {
  EXPECT_TRUE(parse("").commands.empty());
  EXPECT_TRUE(parse("\n\n#x").commands.empty());
}

TEST(TaskFile, KeepsInvalidUtf8) { EXPECT_THAT(parse("echo \xff\xfe\n").commands, ElementsAre("echo \xff\xfe")); }

TEST(TaskFile, RefusesNulBytesWithTheirLine) {
  const std::string text("a\nb\n\0c\n", 7);
  EXPECT_THAT(message_of([&] { parse(text); }), HasSubstr("tasks.txt:3: "));
}

TEST(TaskFile, RefusesALineThatNoSystemCallTakes) {
  const std::string longest(kLongestCommand, 'x');
  EXPECT_EQ(parse("a\n" + longest + "\r\n").commands.size(), 2U);
  const std::string message = message_of([&] { parse("a\n" + longest + "x\n"); });
  EXPECT_THAT(message, HasSubstr("tasks.txt:2: "));
  EXPECT_THAT(message, HasSubstr("131071"));
}

TEST(TaskFile, LoadsAMillionLines) {
  std::string text;
  for (int i = 0; i < 1'000'000; ++i) text += fmt::format("./simulate --seed {} --out result-{}.dat\n", i, i);
  Bytes bytes = bytes_of(text);
  const TaskFile file = parse_task_file(std::move(bytes), "big.txt");
  EXPECT_EQ(file.commands.size(), 1'000'000U);
  EXPECT_EQ(file.lines.back(), 1'000'000);
}

class ReadFile : public testing::Test {
 protected:
  TempFolder folder_;
};

TEST_F(ReadFile, ReadsAllOfIt) {
  const std::string text(300'000, 'q');
  std::ofstream(folder_ / "a") << text;
  EXPECT_EQ(as_text(read_file(folder_ / "a")), text);
  std::ofstream(folder_ / "empty").flush();
  EXPECT_TRUE(read_file(folder_ / "empty").empty());
}

TEST_F(ReadFile, ReadsFilesThatSayNoSize) { EXPECT_GT(read_file("/proc/self/status").size(), 100U); }

TEST_F(ReadFile, SaysWhyItCannot) {
  EXPECT_THAT(message_of([&] { read_file(folder_ / "none"); }), HasSubstr("No such file"));
  EXPECT_THAT(message_of([&] { read_file(folder_.path()); }), HasSubstr("is a directory"));
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  std::ofstream(folder_ / "secret").flush();
  ASSERT_EQ(chmod((folder_ / "secret").c_str(), 0), 0);
  EXPECT_THAT(message_of([&] { read_file(folder_ / "secret"); }), HasSubstr("Permission denied"));
}

TEST_F(ReadFile, ReadsStandardInput) {
  std::ofstream(folder_ / "in") << "from stdin";
  const int saved = dup(0);
  const int in = open((folder_ / "in").c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(dup2(in, 0), 0);
  EXPECT_EQ(as_text(read_file("-")), "from stdin");
  close(in);
  dup2(saved, 0);
  close(saved);
}

}  // namespace
}  // namespace kiln::units
