#include "job/launch_processes.hpp"

#include "job/launch_id.hpp"
#include "job/mpirun_process.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <optional>

namespace kiln::job {
namespace {

bool within(std::chrono::seconds limit, const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    poll(nullptr, 0, 5);
  }
  return true;
}

class LaunchProcessesTest : public testing::Test {
 protected:
  /// A shell in the launch's environment, and what it starts.
  void start(const std::string& script) {
    process_.emplace(std::vector<std::string>{"sh", "-c", script}, std::vector<std::string>{"KILN_LAUNCH_ID=" + id_},
                     -1);
  }
  std::size_t count() const { return processes_of_launch(id_).size(); }
  std::string id_ = make_launch_id();
  std::optional<MpirunProcess> process_;
};

TEST_F(LaunchProcessesTest, AreKnownByTheirEnvironment) {
  EXPECT_EQ(count(), 0U);
  start("sleep 100 & wait");
  EXPECT_TRUE(within(std::chrono::seconds(20), [&] { return count() == 2; }));
  EXPECT_TRUE(processes_of_launch(id_.substr(0, id_.size() - 1)).empty());  // no part of a name is the name
  EXPECT_TRUE(end_launch(id_));
}

TEST_F(LaunchProcessesTest, ChildrenOfMpirunAreRanksOnceTheyHaveBegun) {
  start("sleep 100 & OMPI_COMM_WORLD_LOCAL_SIZE=2 sleep 100 & wait");
  const auto ranks = [&] { return rank_children(process_->pid(), id_); };
  ASSERT_TRUE(within(std::chrono::seconds(20), [&] { return count() == 3 && ranks().size() == 1; }));
  kill(ranks().front(), SIGKILL);
  EXPECT_TRUE(within(std::chrono::seconds(20), [&] { return ranks().empty(); }));
  EXPECT_EQ(count(), 2U);
  EXPECT_TRUE(end_launch(id_));
}

TEST_F(LaunchProcessesTest, OnesThatIgnoreSignalsAndOrphansAreEnded) {
  start("trap '' TERM INT HUP; (sleep 100 & sleep 100) & while :; do sleep 0.05; done");
  ASSERT_TRUE(within(std::chrono::seconds(20), [&] { return count() >= 4; }));
  EXPECT_TRUE(end_launch(id_));
  EXPECT_EQ(count(), 0U);
  EXPECT_TRUE(within(std::chrono::seconds(20), [&] { return process_->poll().has_value(); }));
  EXPECT_TRUE(WIFSIGNALED(*process_->poll()));
}

TEST_F(LaunchProcessesTest, OthersAreLeftAlone) {
  MpirunProcess other({"sh", "-c", "exec sleep 100"}, {"KILN_LAUNCH_ID=" + id_ + "0"}, -1);
  start("exec sleep 100");
  EXPECT_TRUE(within(std::chrono::seconds(20), [&] { return count() == 1; }));
  EXPECT_TRUE(end_launch(id_));
  EXPECT_FALSE(other.poll().has_value());
  other.kill_group();
  EXPECT_TRUE(within(std::chrono::seconds(20), [&] { return other.poll().has_value(); }));
}

// A process that ends between open and read gives an error, too.
TEST_F(LaunchProcessesTest, WhatCannotBeReadIsEmpty) {
  EXPECT_FALSE(read_proc(getpid(), "environ").empty());
  EXPECT_EQ(read_proc(getpid(), "mem"), "");  // nothing is at its beginning
  EXPECT_EQ(read_proc(getpid(), "no-such-file"), "");
}

TEST_F(LaunchProcessesTest, WhoHasChildrenIsKnown) {
  start("sleep 100 & wait");
  EXPECT_TRUE(within(std::chrono::seconds(20), [&] { return has_children(process_->pid()); }));
  MpirunProcess alone({"sleep", "100"}, {}, -1);
  EXPECT_FALSE(has_children(alone.pid()));
  alone.kill_group();
  EXPECT_TRUE(end_launch(id_));
}

// An mpirun whose ranks died at once may never ask for their end.
TEST_F(LaunchProcessesTest, ChildrenThatHaveEndedAreNone) {
  start("sleep 0 & echo $! > /dev/null; exec sleep 100");
  ASSERT_TRUE(within(std::chrono::seconds(20), [&] { return has_ended_children(process_->pid()); }));
  EXPECT_FALSE(has_children(process_->pid()));
  EXPECT_TRUE(end_launch(id_));
}

}  // namespace
}  // namespace kiln::job
