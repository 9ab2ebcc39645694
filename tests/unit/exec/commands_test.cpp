#include "command_fixture.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <sys/resource.h>

namespace kiln::exec {
namespace {

using testing::HasSubstr;

class Commands : public CommandFixture {};

TEST_F(Commands, TellExitCodesAndSignals) {
  EXPECT_EQ(run("true").header.exit_code, 0);
  EXPECT_EQ(run("/bin/false").header.exit_code, 1);
  EXPECT_EQ(run("exit 42").header.exit_code, 42);
  const ReplyHeader killed = run("kill -KILL $$").header;
  EXPECT_EQ(killed.ending, Ending::signaled);
  EXPECT_EQ(killed.signal, SIGKILL);
  EXPECT_EQ(killed.exit_code, -1);
  EXPECT_EQ(run("true").header.signal, -1);
}

TEST_F(Commands, KeepBothOutputs) {
  const CommandResult result = run("echo to out; echo to err >&2");
  EXPECT_EQ(result.out, "to out\n");
  EXPECT_EQ(result.err, "to err\n");
  EXPECT_FALSE(result.header.stdout_cut);
  EXPECT_EQ(run("printf '\\377\\376\\0x'").out, std::string_view("\xff\xfe\0x", 4));
}

TEST_F(Commands, RunInTheCallersSurroundings) {
  setup_.umask = 027;
  EXPECT_EQ(out_of("pwd; umask; readlink /proc/self/fd/0; cat | wc -c"), folder_.string() + "\n0027\n/dev/null\n0\n");
  EXPECT_EQ(out_of("echo \"$GREETING/$KILN_UNIT/$KILN_ATTEMPT/$KILN_RUN_DIR/$HOME\""),
            "good day/7/2//some/run.kiln//nowhere\n");
  EXPECT_EQ(out_of("/usr/bin/printenv KILN_UNIT GREETING"), "7\ngood day\n");
  EXPECT_EQ(client().run(UnitId(18446744073709551614ULL), 4000000000U, "printenv KILN_UNIT KILN_ATTEMPT").out,
            "18446744073709551614\n4000000000\n");
}

TEST_F(Commands, GetNothingOfTheHelpers) {
  EXPECT_EQ(out_of("ls -x /proc/self/fd"), "0  1  2  3\n");  // 3 is the directory that ls reads
  const std::string status = out_of("cat /proc/self/status");
  EXPECT_THAT(status, HasSubstr("SigBlk:\t0000000000000000"));
  EXPECT_THAT(status, HasSubstr("SigIgn:\t0000000000000000"));
  const CommandResult group = run("ps -o pgid= -p $$ | tr -d ' '; echo $$ >&2");
  EXPECT_EQ(group.out, group.err) << "not the leader of a group of its own";
}

TEST_F(Commands, ThatCannotBeFoundFailLikeInTheShell) {
  CommandResult result = run("no-such-program --at all");
  EXPECT_EQ(result.header.exit_code, 127);
  EXPECT_THAT(std::string(result.err), HasSubstr("no-such-program: command not found"));
  result = run("./missing");
  EXPECT_EQ(result.header.exit_code, 127);
  EXPECT_THAT(std::string(result.err), HasSubstr("No such file or directory"));
  write("plain", "text");
  result = run("./plain");
  EXPECT_EQ(result.header.exit_code, 126);
  EXPECT_THAT(std::string(result.err), HasSubstr("Permission denied"));
  EXPECT_EQ(run("/usr").header.exit_code, 126);
}

TEST_F(Commands, MayBeScriptsWithoutAFirstLine) {
  write("script", "echo from script $1\n", true);
  EXPECT_EQ(out_of("./script one"), "from script one\n");
}

TEST_F(Commands, ThatBeginLikeAnOptionAreCommands) {
  EXPECT_EQ(run("-l").header.exit_code, 127);
  EXPECT_EQ(run("+x; exit 5").header.exit_code, 5);
}

TEST_F(Commands, FindAProgramAgainThatMoved) {
  std::filesystem::create_directory(path("a"));
  std::filesystem::create_directory(path("b"));
  write("a/tool", "#!/bin/sh\necho a\n", true);
  write("b/tool", "#!/bin/sh\necho b\n", true);
  setup_.environment = {"PATH=" + path("a").string() + ":" + path("b").string() + ":/usr/bin:/bin"};
  EXPECT_EQ(out_of("tool"), "a\n");
  std::filesystem::remove(path("a/tool"));
  EXPECT_EQ(out_of("tool"), "b\n");
}

TEST_F(Commands, HonourFunctionsAndStartFilesOfTheShell) {
  setup_.environment.emplace_back("BASH_FUNC_ls%%=() { echo my own ls; }");
  EXPECT_EQ(out_of("ls"), "my own ls\n");
  client_.reset();
  write("start", "ls() { echo from start file; }\n");
  setup_.environment = {"PATH=/usr/bin:/bin", "BASH_ENV=" + path("start").string()};
  EXPECT_EQ(out_of("ls"), "from start file\n");
}

TEST_F(Commands, KeepTheFirstBytesOfAGibibyteInBoundedMemory) {
  setup_.output_limit = 1000;
  const long helper = std::stol(out_of("echo $PPID"));
  const CommandResult result = run("yes 0123456 | head -c 1G; yes err | head -c 100000 >&2; echo end > end");
  EXPECT_EQ(result.header.exit_code, 0);
  EXPECT_EQ(result.out.size(), 1000U);
  EXPECT_EQ(result.out.substr(0, 16), "0123456\n0123456\n");
  EXPECT_TRUE(result.header.stdout_cut);
  EXPECT_EQ(result.err.size(), 1000U);
  EXPECT_TRUE(result.header.stderr_cut);
  EXPECT_EQ(read("end"), "end\n");
  std::ifstream status(fmt::format("/proc/{}/status", helper));
  ASSERT_TRUE(status.good());
  for (std::string line; std::getline(status, line);) {
    if (!line.starts_with("VmRSS:")) continue;
    EXPECT_LT(std::atol(line.c_str() + 6), 200'000) << "KiB held by the helper";
  }
}

TEST_F(Commands, KeepLargeOutputsWhole) {
  setup_.output_limit = 64 << 20;
  const CommandResult result = run("head -c 50000000 /dev/zero; head -c 67108864 /dev/zero >&2");
  EXPECT_EQ(result.out.size(), 50'000'000U);
  EXPECT_FALSE(result.header.stdout_cut);
  EXPECT_EQ(result.err.size(), 64U << 20);
  EXPECT_FALSE(result.header.stderr_cut);
  EXPECT_EQ(run("echo after").out, "after\n");
}

TEST_F(Commands, KeepOnlyTheOutputThatIsWanted) {
  setup_.keep_output = KeepOutput::failed;
  EXPECT_EQ(run("echo a").out, "");
  EXPECT_EQ(run("echo a; exit 1").out, "a\n");
  client_.reset();
  setup_.keep_output = KeepOutput::none;
  const CommandResult result = run("echo a; echo b >&2; exit 1");
  EXPECT_EQ(result.header.exit_code, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, "");
}

TEST_F(Commands, MayCloseTheirStreamsAndGoOn) {
  const CommandResult result = run("echo x; exec >&- 2>&-; read -t 0.2 <> <(:); exit 3");
  EXPECT_EQ(result.header.exit_code, 3);
  EXPECT_EQ(result.out, "x\n");
}

TEST_F(Commands, TellTimesAndUsage) {
  const double before = static_cast<double>(time(nullptr)) - 1;
  const ReplyHeader header = run("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done").header;
  EXPECT_GE(header.start, before);
  EXPECT_LE(header.start, static_cast<double>(time(nullptr)) + 1);
  EXPECT_GT(header.user_seconds + header.system_seconds, 0.0);
  EXPECT_GT(header.seconds, 0.0);
  const ReplyHeader large = run("head -c 60000000 /dev/zero | tail -c 60000000 | wc -c").header;
  EXPECT_GT(large.max_rss, 55'000'000);
}

TEST_F(Commands, FailWhereTheirDirectoryIsMissing) {
  setup_.working_directory = path("later");
  ReplyHeader header = run("true").header;
  EXPECT_EQ(header.ending, Ending::not_started);
  EXPECT_EQ(header.step, Step::directory);
  EXPECT_EQ(header.error, ENOENT);
  std::filesystem::create_directory(path("later"));
  EXPECT_EQ(run("true").header.exit_code, 0);
}

TEST_F(Commands, FailWhereTheShellIsMissing) {
  setup_.shell = "/no/such/shell";
  const ReplyHeader header = run("echo a").header;
  EXPECT_EQ(header.ending, Ending::not_started);
  EXPECT_EQ(header.step, Step::shell);
  EXPECT_EQ(header.error, ENOENT);
}

TEST_F(Commands, AreGivenToAnotherShellAsTheyAre) {
  write("shell", "#!/bin/sh\necho \"$1|$2\"\n", true);
  setup_.shell = path("shell");
  EXPECT_EQ(out_of("ls /"), "-c|ls /\n");
}

TEST_F(Commands, MayBeAsLongAsLinuxAllows) {
  const std::string longest = "echo " + std::string(131'071 - 5, 'x');
  EXPECT_EQ(run(longest).header.exit_code, 0);
  const ReplyHeader header = run(longest + "x").header;
  EXPECT_EQ(header.ending, Ending::not_started);
  EXPECT_EQ(header.error, E2BIG);
  EXPECT_EQ(run("true").header.exit_code, 0);
}

}  // namespace
}  // namespace kiln::exec
