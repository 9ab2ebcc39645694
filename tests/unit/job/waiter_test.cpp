#include "job/waiter.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <thread>

namespace kiln::job {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

/// The signals that were blocked before a test are the ones after it.
class WaiterTest : public testing::Test {
 protected:
  WaiterTest() { pthread_sigmask(SIG_BLOCK, nullptr, &before_); }
  ~WaiterTest() override { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

// Sleeps until woken: pauses of at most 20 s each, so that only a wake ends this early.
void sleep_until_woken(Waiter& waiter, const std::function<bool()>& woken) {
  const auto until = Clock::now() + 20s;
  while (!woken() && Clock::now() < until) waiter.pause(20s);
  EXPECT_TRUE(woken());
}

TEST_F(WaiterTest, AnotherThreadEndsTheSleep) {
  Waiter waiter({SIGUSR1});
  std::atomic<bool> done = false;
  std::thread other([&] {
    done = true;
    waiter.wake();
  });
  sleep_until_woken(waiter, [&] { return done.load(); });
  other.join();
}

TEST_F(WaiterTest, AWakeBeforeTheSleepIsNotLost) {
  Waiter waiter({SIGUSR1});
  for (int i = 0; i < 200; ++i) waiter.pause(1us);  // long past the looks without sleep, sleeps have grown
  waiter.wake();
  const auto begin = Clock::now();
  waiter.pause(20s);
  EXPECT_LT(Clock::now() - begin, 10s);
}

TEST_F(WaiterTest, SleepsGrowUpToTheLongest) {
  Waiter waiter({SIGUSR1});
  Clock::duration longest{};
  for (int i = 0; i < 100; ++i) {
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
  Waiter waiter({SIGUSR1, SIGTERM});
  EXPECT_THAT(waiter.take_signals(), testing::IsEmpty());
  pthread_kill(pthread_self(), SIGUSR1);
  pthread_kill(pthread_self(), SIGTERM);
  EXPECT_THAT(waiter.take_signals(), testing::UnorderedElementsAre(SIGUSR1, SIGTERM));
  EXPECT_THAT(waiter.take_signals(), testing::IsEmpty());
}

TEST_F(WaiterTest, ASignalEndsTheSleep) {
  Waiter waiter({SIGUSR1});
  for (int i = 0; i < 200; ++i) waiter.pause(1us);
  pthread_kill(pthread_self(), SIGUSR1);
  const auto begin = Clock::now();
  waiter.pause(20s);
  EXPECT_LT(Clock::now() - begin, 10s);
  EXPECT_THAT(waiter.take_signals(), testing::ElementsAre(SIGUSR1));
}

}  // namespace
}  // namespace kiln::job
