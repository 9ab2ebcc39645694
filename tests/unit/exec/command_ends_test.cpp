#include "command_fixture.hpp"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <kiln/error.hpp>

#include <csignal>
#include <thread>

namespace kiln::exec {
namespace {

using namespace std::chrono_literals;

class CommandEnds : public CommandFixture {
 protected:
  void SetUp() override {
    CommandFixture::SetUp();
    setup_.grace = 10s;
  }

  /// Under a time limit that grows until the command wrote the file `ready` before it came.
  CommandResult run_into_timeout(const std::string& command, const std::string& ready) {
    for (Duration limit = 100ms;; limit *= 2) {
      std::filesystem::remove(path(ready));
      UnitOrder order{UnitId(7), 2, command};
      order.timeout = limit;
      const CommandResult result = client().run(order);
      if (read(ready).ends_with('\n') || limit > 1min) return result;
    }
  }
};

TEST_F(CommandEnds, ByTimeout) {
  const CommandResult result = run_into_timeout("echo begun; echo > ready; sleep 1000", "ready");
  EXPECT_EQ(result.header.ending, Ending::timed_out);
  EXPECT_EQ(result.header.signal, SIGTERM);
  EXPECT_EQ(result.out, "begun\n");
  EXPECT_GE(result.header.seconds, 0.1);
  EXPECT_EQ(run("true").header.ending, Ending::exited);
}

// $PPID is the helper. Slurm ends a job by SIGTERM to all of its processes.
TEST_F(CommandEnds, WithTheWholeJob) {
  EXPECT_EQ(run("kill -TERM $PPID; kill -TERM $$").header.ending, Ending::cancelled);
  EXPECT_EQ(run("kill -TERM $PPID; exit 3").header.ending, Ending::cancelled);
  EXPECT_EQ(run("kill -TERM $PPID; exit 0").header.ending, Ending::exited);
  EXPECT_EQ(run("exit 3").header.ending, Ending::exited) << "what came before it began is not meant";
  EXPECT_EQ(run("kill -TERM $$").header.ending, Ending::signaled);
}

TEST_F(CommandEnds, ByTimeoutWithALastWord) {
  const CommandResult result =
      run_into_timeout("trap 'echo saved; exit 0' TERM; echo $$ > pid; while :; do sleep 0.01; done", "pid");
  EXPECT_EQ(result.header.ending, Ending::timed_out);
  EXPECT_EQ(result.header.exit_code, 0);
  EXPECT_EQ(result.out, "saved\n");
}

TEST_F(CommandEnds, ByTimeoutWhenItIsStopped) {
  setup_.timeout = 100ms;
  EXPECT_EQ(run("kill -STOP $$").header.ending, Ending::timed_out);
}

TEST_F(CommandEnds, GivesTheWholeGroupTheGrace) {
  // The main process dies of the signal at once, its child says its last words in the grace.
  write("child", "trap 'sleep 0.3; echo saved > saved; exit' TERM\necho ready > ready\nwhile :; do sleep 0.01; done\n");
  EXPECT_EQ(run_into_timeout("bash child & wait", "ready").header.ending, Ending::timed_out);
  EXPECT_EQ(read("ready"), "ready\n");
  EXPECT_EQ(read("saved"), "saved\n");
}

TEST_F(CommandEnds, ByForceWhenItIgnoresTheRequest) {
  setup_.grace = 100ms;
  const ReplyHeader header =
      run_into_timeout("trap '' TERM; echo $$ > pid; while :; do sleep 0.01; done", "pid").header;
  EXPECT_EQ(header.ending, Ending::timed_out);
  EXPECT_EQ(header.signal, SIGKILL);
  EXPECT_FALSE(alive(pid_in("pid")));
}

TEST_F(CommandEnds, WithGrandchildrenInOtherSessions) {
  setup_.grace = 100ms;
  write("deep", "trap '' TERM HUP\necho $$ > pid\nwhile :; do sleep 0.01; done\n");
  EXPECT_EQ(run_into_timeout("setsid bash deep & wait", "pid").header.ending, Ending::timed_out);
  EXPECT_FALSE(alive(pid_in("pid")));
}

TEST_F(CommandEnds, WithWhatItLeftBehind) {
  const CommandResult result =
      run("sleep 1000 & echo $! > a; setsid sleep 1000 & echo $! > b; (setsid sh -c 'trap \"\" "
          "TERM; echo $$ > c; sleep 1000; sleep 1000' &); while [ ! -s c ]; do :; done; echo out");
  EXPECT_EQ(result.header.ending, Ending::exited);
  EXPECT_EQ(result.header.exit_code, 0);
  EXPECT_EQ(result.out, "out\n");
  for (const char* name : {"a", "b", "c"}) EXPECT_FALSE(alive(pid_in(name))) << name;
}

TEST_F(CommandEnds, WithoutWaitingForWhoHoldsItsStreams) {
  const CommandResult result = run("(trap '' TERM; while :; do echo more; done) & sleep 0.05; echo $! > pid");
  EXPECT_EQ(result.header.ending, Ending::exited);
  EXPECT_FALSE(alive(pid_in("pid")));
}

TEST_F(CommandEnds, ByCancel) {
  client().begin({UnitId(0), 1, "echo $$ > pid; sleep 1000; sleep 1000"});
  const pid_t pid = pid_in("pid");
  client().cancel();
  EXPECT_EQ(client().finish().header.ending, Ending::cancelled);
  EXPECT_FALSE(alive(pid));
}

// Whoever cancels wants an end: a long grace is for time limits.
TEST_F(CommandEnds, ByCancelWithoutAllOfItsGrace) {
  setup_.grace = std::chrono::hours(1);
  client().begin({UnitId(0), 1, "trap '' TERM; echo $$ > pid; while :; do sleep 0.01; done"});
  const pid_t pid = pid_in("pid");
  client().cancel();
  const CommandResult result = client().finish();
  EXPECT_EQ(result.header.ending, Ending::cancelled);
  EXPECT_EQ(result.header.signal, SIGKILL);
  EXPECT_FALSE(alive(pid));
}

TEST_F(CommandEnds, CancelHoldsForOneCommandOnly) {
  client().cancel();
  EXPECT_EQ(run("true").header.ending, Ending::exited);
  for (int i = 0; i < 200; ++i) {
    client().begin({UnitId(0), 1, "/bin/true"});
    std::thread canceller([&] { client().cancel(); });
    client().finish();
    canceller.join();
    client().cancel();
    ASSERT_EQ(run("exit 3").header.ending, Ending::exited);
  }
}

TEST_F(CommandEnds, TheTaskSignalReachesIt) {
  setup_.task_signal = SIGUSR1;
  client().begin({UnitId(0), 1, "trap 'echo got it; exit 4' USR1; echo $$ > pid; while :; do sleep 0.01; done"});
  pid_in("pid");
  client().signal();
  const CommandResult result = client().finish();
  EXPECT_EQ(result.header.ending, Ending::exited);
  EXPECT_EQ(result.header.exit_code, 4);
  EXPECT_EQ(result.out, "got it\n");
}

TEST_F(CommandEnds, WhenTheHelperIsKilled) {
  client().begin({UnitId(0), 1, "sleep 1000 & echo $! > pid; wait"});
  const pid_t pid = pid_in("pid");
  kill(client().keeper(), SIGKILL);
  try {
    client().finish();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::internal);
    EXPECT_THAT(error.what(), testing::HasSubstr("signal 9"));
  }
  EXPECT_TRUE(eventually([&] { return !alive(pid); }));
  EXPECT_THROW(run("true"), Error);
}

// A command's parent is the helper.
TEST_F(CommandEnds, AsFailedWhereItKillsItsHelper) {
  setup_.environment.emplace_back("WORD=kept");
  for (int i = 0; i < 3; ++i) {
    const CommandResult killed = run("sleep 1000 & echo $! > pid; setsid sleep 1000 & kill -KILL $PPID; sleep 1000");
    EXPECT_EQ(killed.header.ending, Ending::helper_killed);
    EXPECT_EQ(killed.header.signal, SIGKILL);
    EXPECT_EQ(killed.header.exit_code, -1);
    EXPECT_GT(killed.header.start, 1e9);
    EXPECT_EQ(killed.out, "");
    EXPECT_FALSE(alive(pid_in("pid")));
    const CommandResult next = run("echo $WORD; pwd");
    EXPECT_EQ(next.header.ending, Ending::exited);
    EXPECT_EQ(next.out, "kept\n" + folder_.string() + "\n") << "the next helper has the set-up";
  }
}

TEST_F(CommandEnds, WithAHelperThatWasKilledMeanwhile) {
  const pid_t helper = static_cast<pid_t>(std::stol(out_of("echo $PPID")));
  kill(helper, SIGKILL);
  ASSERT_TRUE(eventually([&] { return !alive(helper); }));
  ASSERT_TRUE(eventually([&] { return out_of("echo $PPID") != std::to_string(helper) + "\n"; }));
}

TEST_F(CommandEnds, ThoughItStopsItsHelper) {
  client();
  std::atomic<bool> ended = false;
  std::thread rank([&] {
    while (!ended) {
      client().beat();
      poll(nullptr, 0, 5);
    }
  });
  EXPECT_EQ(run("kill -STOP $PPID; exit 5").header.exit_code, 5);
  ended = true;
  rank.join();
}

TEST_F(CommandEnds, ByCancelThoughItStopsItsHelper) {
  client().begin({UnitId(0), 1, "echo $PPID > helper; kill -STOP $PPID; echo $$ > pid; sleep 1000"});
  const pid_t pid = pid_in("pid");
  client().cancel();
  EXPECT_EQ(client().finish().header.ending, Ending::cancelled);
  EXPECT_FALSE(alive(pid));
}

TEST_F(CommandEnds, WhenTheClientGoesThoughItStopsItsHelper) {
  client().begin({UnitId(0), 1, "kill -STOP $PPID; echo $$ > pid; sleep 1000"});
  const pid_t pid = pid_in("pid");
  client_.reset();
  EXPECT_FALSE(alive(pid));
}

TEST_F(CommandEnds, NotBySignalsToTheHelper) {
  client().begin({UnitId(0), 1, "echo $$ > pid; while [ ! -e go ]; do sleep 0.01; done"});
  pid_in("pid");
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGQUIT, SIGPIPE, SIGALRM}) {
    kill(client().keeper(), number);
  }
  write("go", "");
  EXPECT_EQ(client().finish().header.exit_code, 0);
}

TEST_F(CommandEnds, WhenTheClientGoes) {
  client().begin({UnitId(0), 1, "trap '' TERM; setsid sleep 1000 & echo $! > a; echo $$ > b; wait"});
  const pid_t a = pid_in("a");
  const pid_t b = pid_in("b");
  client_.reset();
  EXPECT_FALSE(alive(a));
  EXPECT_FALSE(alive(b));
}

/// A process that has a helper, as a rank has, begins one command and waits.
pid_t fork_rank(const CommandSetup& setup, SpawnerClient::Options options, const std::string& command, bool beat) {
  const pid_t rank = fork();
  if (rank != 0) return rank;
  const auto client = SpawnerClient::start(options);
  client->set_up(setup);
  client->begin({UnitId(0), 1, command});
  while (true) {
    if (beat) client->beat();
    poll(nullptr, 0, 5);
  }
}

constexpr const char* kDeepCommand =
    "trap '' TERM; sleep 1000 & echo $! > a; setsid sh -c 'trap \"\" TERM; sleep 1000 & echo $! > b; echo $$ > c; "
    "wait' &"
    " echo $PPID > helper; echo $$ > d; wait";

TEST_F(CommandEnds, WhenTheRankIsKilled) {
  const pid_t rank = fork_rank(setup_, options_, kDeepCommand, false);
  std::vector<pid_t> pids;
  for (const char* name : {"a", "b", "c", "d", "helper"}) pids.push_back(pid_in(name));
  for (const pid_t pid : pids) EXPECT_TRUE(alive(pid));
  kill(rank, SIGKILL);
  waitpid(rank, nullptr, 0);
  for (const pid_t pid : pids) EXPECT_TRUE(eventually([&] { return !alive(pid); })) << pid;
}

TEST_F(CommandEnds, WhenTheRankIsSilent) {
  options_.silence = 2s;
  const pid_t rank = fork_rank(setup_, options_, kDeepCommand, true);
  std::vector<pid_t> pids;
  for (const char* name : {"a", "b", "c", "d"}) pids.push_back(pid_in(name));
  for (const pid_t pid : pids) EXPECT_TRUE(alive(pid));
  kill(rank, SIGSTOP);
  for (const pid_t pid : pids) EXPECT_TRUE(eventually([&] { return !alive(pid); })) << pid;
  const pid_t helper = pid_in("helper");
  EXPECT_TRUE(alive(helper)) << "an idle helper does no harm, and the rank may wake";
  kill(rank, SIGKILL);
  waitpid(rank, nullptr, 0);
  EXPECT_TRUE(eventually([&] { return !alive(helper); }));
}

}  // namespace
}  // namespace kiln::exec
