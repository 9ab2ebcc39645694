#include "job/mpirun_process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <kiln/error.hpp>

namespace kiln::job {
namespace {

using testing::ElementsAre;

class MpirunProcessTest : public testing::Test {
 protected:
  void start(const std::string& script, int standard_input = -1) {
    process_.emplace(std::vector<std::string>{"sh", "-c", script}, std::vector<std::string>{"ADDED=by the launcher"},
                     standard_input);
  }
  /// Everything said until the stream ends.
  std::vector<std::string> all_lines() {
    std::vector<std::string> lines;
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    for (bool ended = false; !ended && std::chrono::steady_clock::now() < until;) {
      pollfd wait{process_->error_descriptor(), POLLIN, 0};
      poll(&wait, 1, 100);
      for (std::string& line : process_->read_lines(ended)) lines.push_back(std::move(line));
    }
    return lines;
  }
  int end() {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < until) {
      if (const auto status = process_->poll()) return *status;
      poll(nullptr, 0, 2);
    }
    ADD_FAILURE() << "it did not end";
    return -1;
  }

  std::optional<MpirunProcess> process_;
};

TEST_F(MpirunProcessTest, WhatIsAddedTakesThePlaceOfOurOwn) {
  ::setenv("ADDED", "before", 1);
  start("tr '\\0' '\\n' </proc/$$/environ | grep '^ADDED=' >&2");
  ::unsetenv("ADDED");
  EXPECT_THAT(all_lines(), ElementsAre("ADDED=by the launcher"));
}

TEST_F(MpirunProcessTest, ItsWordsAndItsEndAreSeen) {
  start("echo one >&2; printf 'two\\r\\nthree' >&2; cat; echo \"$ADDED\" >&2; exit 7");
  EXPECT_THAT(all_lines(), ElementsAre("one", "two", "threeby the launcher"));
  const int status = end();
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST_F(MpirunProcessTest, AMissingProgramIsNamed) {
  try {
    MpirunProcess process({"no-such-mpirun", "-n", "2"}, {}, -1);
    FAIL() << "it started";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("no-such-mpirun"));
    EXPECT_THAT(error.what(), testing::HasSubstr("openmpi-bin"));
  }
}

TEST_F(MpirunProcessTest, GetsSignals) {
  start("trap 'echo caught >&2; exit 0' USR1; echo ready >&2; while :; do sleep 0.01; done");
  std::vector<std::string> lines;
  for (bool ended = false; lines.empty() && !ended;) lines = process_->read_lines(ended);
  EXPECT_THAT(lines, ElementsAre("ready"));
  process_->signal(SIGUSR1);
  EXPECT_THAT(all_lines(), ElementsAre("caught"));
  EXPECT_EQ(end(), 0);
}

TEST_F(MpirunProcessTest, WhatItsStarterBlocksAndIgnoresIsNotHandedOn) {
  sigset_t blocked, before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const auto pipe = std::signal(SIGPIPE, SIG_IGN);
  process_.emplace(std::vector<std::string>{"env", "--list-signal-handling", "true"}, std::vector<std::string>{}, -1);
  std::signal(SIGPIPE, pipe);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_THAT(all_lines(),
              testing::Not(testing::Contains(testing::AnyOf(testing::HasSubstr("USR1"), testing::HasSubstr("PIPE")))));
  EXPECT_EQ(end(), 0);
}

TEST_F(MpirunProcessTest, AnEndThatSomebodyElseSawIsAnEnd) {
  start("exit 0");
  all_lines();
  siginfo_t info{};
  ASSERT_EQ(waitid(P_ALL, 0, &info, WEXITED), 0);
  EXPECT_TRUE(WIFSIGNALED(end()));
}

TEST_F(MpirunProcessTest, IsEndedWithItsOwnerThoughNobodyReadsIt) {
  start("trap '' TERM; while :; do echo a line that fills the pipe >&2 || exit 1; done");
  process_.reset();
}

}  // namespace
}  // namespace kiln::job
