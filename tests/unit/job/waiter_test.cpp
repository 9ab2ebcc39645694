#include "job/waiter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <thread>

namespace kiln::job {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

/// The signals that were blocked before a test are the ones after it.
class WaiterTest : public testing::Test {
 public:
  WaiterTest() { pthread_sigmask(SIG_BLOCK, nullptr, &before_); }
  ~WaiterTest() override { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

// Pauses until its sleeps have grown to their 80 ms.
void grow(Waiter& waiter) {
  for (int i = 0; i < 3000; ++i) waiter.pause(1us);
}
// Twenty pauses: they take 1.6 s where each is slept through.
Clock::duration pauses(Waiter& waiter) {
  const auto begin = Clock::now();
  for (int i = 0; i < 20; ++i) waiter.pause(20s);
  return Clock::now() - begin;
}
// Whether they are not, in one of many tries: a machine may stand still at any time, but not each time.
template <class F>
bool wakes(Waiter& waiter, F&& wake) {
  for (int i = 0; i < 10; ++i) {
    grow(waiter);
    wake();
    if (pauses(waiter) < 1s) return true;
  }
  return false;
}

TEST_F(WaiterTest, AWakeBeforeTheSleepIsNotLost) {
  Waiter waiter({SIGUSR1});
  grow(waiter);
  EXPECT_GE(pauses(waiter), 1s);
  EXPECT_TRUE(wakes(waiter, [&] { std::thread([&] { waiter.wake(); }).join(); }));
}

TEST_F(WaiterTest, SleepsGrowUpToTheLongest) {
  Waiter waiter({SIGUSR1});
  Clock::duration longest{};
  for (int i = 0; i < 100'000 && longest < 3ms; ++i) {
    const auto begin = Clock::now();
    waiter.pause(3ms);
    longest = std::max(longest, Clock::now() - begin);
  }
  EXPECT_GE(longest, 3ms);
  waiter.reset();
  const auto begin = Clock::now();
  for (int i = 0; i < 10; ++i) waiter.pause(20s);
  EXPECT_LT(Clock::now() - begin, 10s);
}

TEST_F(WaiterTest, SignalsAreReadAndKillNobody) {
  Waiter waiter({SIGUSR1, SIGUSR2});
  EXPECT_THAT(waiter.take_signals(), testing::IsEmpty());
  pthread_kill(pthread_self(), SIGUSR1);
  pthread_kill(pthread_self(), SIGUSR2);
  EXPECT_THAT(waiter.take_signals(), testing::UnorderedElementsAre(SIGUSR1, SIGUSR2));
  EXPECT_THAT(waiter.take_signals(), testing::IsEmpty());
}

TEST_F(WaiterTest, TellsWhoSentTheFirstSignal) {
  Waiter waiter({SIGUSR1, SIGUSR2});
  EXPECT_EQ(waiter.first_signal().signal, 0);
  const pid_t child = fork();
  if (child == 0) {
    kill(getppid(), SIGUSR2);
    _exit(0);
  }
  waitpid(child, nullptr, 0);
  EXPECT_THAT(waiter.take_signals(), testing::ElementsAre(SIGUSR2));
  pthread_kill(pthread_self(), SIGUSR1);
  EXPECT_THAT(waiter.take_signals(), testing::ElementsAre(SIGUSR1));
  EXPECT_EQ(waiter.first_signal().signal, SIGUSR2);
  EXPECT_EQ(waiter.first_signal().sender, child);
}

TEST_F(WaiterTest, ASignalEndsTheSleep) {
  Waiter waiter({SIGUSR1});
  EXPECT_TRUE(wakes(waiter, [&] {
    waiter.take_signals();
    pthread_kill(pthread_self(), SIGUSR1);
  }));
  EXPECT_THAT(waiter.take_signals(), testing::ElementsAre(SIGUSR1));
}

TEST_F(WaiterTest, SleepsAsLongAsItIsTold) {
  Waiter waiter({SIGUSR1});
  const auto begin = Clock::now();
  waiter.sleep(30ms);
  EXPECT_GE(Clock::now() - begin, 30ms);
}

TEST_F(WaiterTest, AWakeAndASignalEndALongSleep) {
  Waiter waiter({SIGUSR1});
  const auto begin = Clock::now();
  waiter.wake();
  waiter.sleep(60s);
  std::thread other([&] { waiter.wake(); });
  waiter.sleep(60s);
  other.join();
  pthread_kill(pthread_self(), SIGUSR1);
  waiter.sleep(60s);
  EXPECT_THAT(waiter.take_signals(), testing::ElementsAre(SIGUSR1));
  EXPECT_LT(Clock::now() - begin, 30s);
}

}  // namespace
}  // namespace kiln::job
