#include "exec/program_output.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <string>

namespace kiln::exec {
namespace {

using namespace std::chrono_literals;

ProgramEnd shell(const std::string& text, Duration deadline = 60s, const std::function<bool()>& cancelled = {}) {
  return run_program({"/bin/sh", "-c", text}, {"PATH=/usr/bin:/bin", "WORD=given"}, deadline, cancelled);
}

TEST(RunProgram, GivesOutputAndExitCode) {
  const ProgramEnd end = shell("echo out $WORD; echo err >&2; cat; exit 3");
  EXPECT_EQ(end.output, "out given\nerr\n");
  EXPECT_EQ(end.exit_code, 3);
  EXPECT_FALSE(end.well() || end.late || end.cancelled);
  EXPECT_TRUE(shell("true").well());
}

TEST(RunProgram, SaysWhyThereIsNone) {
  EXPECT_EQ(run_program({"/no/such/program"}, {}, 60s).error, ENOENT);
  EXPECT_EQ(run_program({"/"}, {}, 60s).error, EACCES);
}

TEST(RunProgram, EndsWhatIsLateWithItsChildren) {
  ProgramEnd end;
  for (Duration limit = 200ms; end.output.empty() && limit < 60s; limit *= 2)
    end = shell("sleep 1000 & echo $!; wait", limit);
  EXPECT_TRUE(end.late);
  EXPECT_FALSE(end.exit_code.has_value());
  const std::string status = "/proc/" + std::to_string(std::stoi(end.output)) + "/stat";
  const auto runs = [&] {  // gone, or dead and waiting for its parent
    std::string text;
    std::getline(std::ifstream(status), text);
    return !text.empty() && text.find(") Z ") == std::string::npos;
  };
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (runs() && std::chrono::steady_clock::now() < deadline) ::usleep(1000);
  EXPECT_FALSE(runs());
}

TEST(RunProgram, EndsWhenSomebodyWishes) {
  const ProgramEnd end = shell("sleep 1000", 60s, [] { return true; });
  EXPECT_TRUE(end.cancelled);
  EXPECT_FALSE(end.exit_code.has_value());
}

TEST(RunProgram, WaitsForOneThatHasClosedItsOutput) {
  EXPECT_EQ(shell("exec >&- 2>&-; sleep 0.2; exit 4").exit_code, 4);
}

TEST(RunProgram, KeepsABoundedAmount) {
  const ProgramEnd end = shell("head -c 3000000 /dev/zero");
  EXPECT_TRUE(end.well());
  EXPECT_GE(end.output.size(), std::size_t{1} << 20);
  EXPECT_LE(end.output.size(), (std::size_t{1} << 20) + 16384);
}

TEST(RunProgram, ASignalIsNoExitCode) { EXPECT_FALSE(shell("kill -9 $$").exit_code.has_value()); }

}  // namespace
}  // namespace kiln::exec
