// `kiln run COMMAND ::: VALUES`: how its words are told from a task file and its options.
#include "command_line.hpp"
#include "run_arguments.hpp"

#include "unit/refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <kiln/error.hpp>

namespace kiln::cli {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Words = std::vector<std::string>;

job::RunOptions run(Words words) {
  words.insert(words.begin(), "run");
  return std::get<RunCommand>(parse_command_line(words)).options;
}

std::string complaint(Words words) {
  words.insert(words.begin(), "run");
  return refusal_of(ExitCode::usage, [&] { parse_command_line(words); });
}

TEST(Values, OptionsEndAtTheCommand) {
  const job::RunOptions options = run({"-n", "2", "gzip", "-9", "--keep", ":::", "a", "--retries"});
  ASSERT_TRUE(options.arguments);
  EXPECT_EQ(options.arguments->command, "gzip -9 --keep");
  EXPECT_THAT(options.arguments->sources.at(0).values, ElementsAre("a", "--retries"));
  EXPECT_EQ(options.command_words, 6U);
  EXPECT_EQ(options.workers, 2U);
  EXPECT_EQ(options.directory, "gzip.kiln");
  EXPECT_EQ(options.task_file, "");
}

TEST(Values, OptionsOfValues) {
  const job::RunOptions options =
      run({"-0", "-a", "-", "--arg-file=f", "--colsep", "-", "--header", ":", "--dry-run", "-j", "3", "p"});
  ASSERT_TRUE(options.arguments);
  EXPECT_EQ(options.arguments->sources.at(0).file, "-");
  EXPECT_EQ(options.arguments->sources.at(1).file, "f");
  EXPECT_EQ(options.arguments->column_separator, "-");
  EXPECT_TRUE(options.arguments->header && options.arguments->nul_ended && options.dry_run);
  EXPECT_EQ(options.workers, 3U);
  EXPECT_THAT(complaint({"--header", "x", "p", ":::", "a"}), AllOf(HasSubstr("--header"), HasSubstr("'x'")));
}

TEST(Values, OptionsOfValuesWithoutValues) {
  for (const char* option : {"--colsep", "--header"}) EXPECT_THAT(complaint({option, ":", "t.txt"}), HasSubstr(option));
  EXPECT_THAT(complaint({"-0", "t.txt"}), HasSubstr("--null"));
  EXPECT_THAT(complaint({"-a", "values"}), HasSubstr("command is missing"));
}

TEST(Values, BehindALoneTaskFileStandOptions) {
  const job::RunOptions options = run({"-v", "tasks.txt", "--out", "x.kiln", "-n4", "--fresh"});
  EXPECT_EQ(options.task_file, "tasks.txt");
  EXPECT_EQ(options.directory, "x.kiln");
  EXPECT_EQ(options.workers, 4U);
  EXPECT_TRUE(options.fresh);
  EXPECT_EQ(options.command_words, 5U);
  EXPECT_EQ(run({"-", "--seed", "7"}).task_file, "-");
  EXPECT_THAT(complaint({"tasks.txt", "--retires", "2"}),
              AllOf(HasSubstr("--retries"), HasSubstr("'tasks.txt' was taken")));
  EXPECT_THAT(complaint({"gzip", "-9", "a.log"}), AllOf(HasSubstr("-9"), HasSubstr("::: *.log")));
  EXPECT_THAT(complaint({"tasks.txt", "--out", "x", "more.txt"}), HasSubstr("one task file"));
  EXPECT_THAT(complaint({"--", "tasks.txt", "--out", "x"}), HasSubstr("one task file"));
}

TEST(Values, SeveralWordsSayHowItIsMeant) {
  EXPECT_THAT(complaint({"gzip", "a.log"}), AllOf(HasSubstr("kiln run gzip -9 ::: *.log"), HasSubstr(":::: -")));
}

TEST(Values, TheRunDirectoryIsThePrograms) {
  EXPECT_EQ(default_directory_of_command("xz -9 -c {} | wc -c"), "xz.kiln");
  EXPECT_EQ(default_directory_of_command("/opt/bin/solve.x"), "solve.x.kiln");
  EXPECT_EQ(default_directory_of_command("A=1 B='x y' ./p"), "arguments.kiln");
  EXPECT_EQ(default_directory_of_command("A=1 B=2 ./p"), "p.kiln");
  for (const char* command :
       {"{}", "{1} x", "'my prog' {}", "$X", "-x", ".", "..", "../", "(echo {})", "A=1", "\xff"}) {
    EXPECT_EQ(default_directory_of_command(command), "arguments.kiln") << command;
  }
  EXPECT_EQ(run({"-o", "x", "p", ":::", "a"}).directory, "x");
}

TEST(Values, HabitsOfGnuParallelAreAnswered) {
  for (const char* option : {"--joblog", "--results", "--resume", "--halt", "-k", "--pipe", "-S", "--sshlogin", "-N",
                             "-X", "-m", "--tmux", "--link", "-I", "--bar", "--max-args", "-P", "--will-cite"}) {
    EXPECT_THAT(complaint({option, "p", ":::", "a"}),
                AllOf(HasSubstr(std::string("no option ") + option + " here: "), Not(HasSubstr("mean"))))
        << option;
  }
  EXPECT_THAT(complaint({"--joblog=x", "t.txt"}), HasSubstr("kiln export"));
  EXPECT_THAT(complaint({"--haltt", "p", ":::", "a"}), Not(HasSubstr("Did you mean --halt?")));
}

}  // namespace
}  // namespace kiln::cli
