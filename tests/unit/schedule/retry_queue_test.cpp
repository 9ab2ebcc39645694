#include "schedule/retry_queue.hpp"

#include "unit/schedule/naive.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace kiln::schedule {
namespace {

using namespace std::chrono_literals;
using testing::Draw;

constexpr Instant kStart{};
constexpr Rank kOne{1};
constexpr Rank kTwo{2};

TEST(RetryQueue, GivesNothingBeforeTheWaitIsOver) {
  RetryQueue queue;
  queue.push({UnitId(7), 2, kOne, kStart + 5s});
  EXPECT_FALSE(queue.take(kTwo, true, kStart + 4s));
  EXPECT_EQ(queue.next_wake(kStart), kStart + 5s);
  const auto taken = queue.take(kTwo, true, kStart + 5s);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->unit, UnitId(7));
  EXPECT_EQ(taken->attempt, 2U);
  EXPECT_TRUE(queue.empty());
  EXPECT_FALSE(queue.next_wake(kStart));
}

TEST(RetryQueue, AnotherWorkerGoesFirst) {
  RetryQueue queue;
  queue.push({UnitId(7), 2, kOne, kStart});
  EXPECT_FALSE(queue.take(kOne, true, kStart));
  EXPECT_EQ(queue.next_wake(kStart), kStart + RetryQueue::kHoldBack);
  EXPECT_FALSE(queue.take(kOne, true, kStart + RetryQueue::kHoldBack - 1ns));
  EXPECT_TRUE(queue.take(kOne, true, kStart + RetryQueue::kHoldBack)) << "nobody else came";
}

TEST(RetryQueue, TheOnlyWorkerDoesNotWaitForOthers) {
  RetryQueue queue;
  queue.push({UnitId(7), 2, kOne, kStart});
  EXPECT_TRUE(queue.take(kOne, false, kStart));
}

std::optional<RetryQueue::Waiting> naive_take(std::vector<RetryQueue::Waiting>& all, Rank worker, bool others,
                                              Instant now) {
  auto best = all.end();
  for (auto it = all.begin(); it != all.end(); ++it) {
    const bool held = it->avoid == worker && others && now - it->since < RetryQueue::kHoldBack;
    if (it->since > now || held) continue;
    if (best == all.end() || std::pair(it->since, it->unit) < std::pair(best->since, best->unit)) best = it;
  }
  if (best == all.end()) return std::nullopt;
  const RetryQueue::Waiting taken = *best;
  all.erase(best);
  return taken;
}

TEST(RetryQueue, TakesWhatANaiveQueueTakesAndWakesInTime) {
  for (std::uint64_t seed = 0; seed < 200 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Draw draw(seed);
    RetryQueue queue;
    std::vector<RetryQueue::Waiting> naive;
    Instant now = kStart;
    for (std::uint64_t i = 0; i < 200 && !HasFailure(); ++i) {
      if (draw.one_in(2)) {
        const RetryQueue::Waiting waiting{UnitId(i), 2, Rank(static_cast<std::int32_t>(draw.below(4))),
                                          now + 100ms * draw.below(30)};
        queue.push(waiting);
        naive.push_back(waiting);
      } else {
        const Rank worker(static_cast<std::int32_t>(draw.below(4)));
        const bool others = !draw.one_in(4);
        const auto expected = naive_take(naive, worker, others, now);
        const auto taken = queue.take(worker, others, now);
        ASSERT_EQ(taken.has_value(), expected.has_value());
        if (taken) {
          EXPECT_EQ(taken->unit, expected->unit);
        }
      }
      EXPECT_EQ(queue.size(), naive.size());
      std::optional<Instant> wake;
      for (const auto& waiting : naive) {
        for (const Instant at : {waiting.since, waiting.since + RetryQueue::kHoldBack}) {
          if (at > now && (!wake || at < *wake)) wake = at;
        }
      }
      EXPECT_EQ(queue.next_wake(now), wake);
      now += 100ms * draw.below(5);
    }
  }
}

TEST(Backoff, DoublesToFiveMinutesAndIsNotInStep) {
  double sum = 0;
  for (std::uint64_t unit = 0; unit < 1000; ++unit) {
    const double third = to_seconds(backoff_delay(2s, 4, 1, UnitId(unit)));
    EXPECT_GE(third, 2 * 4 * 0.75);
    EXPECT_LE(third, 2 * 4 * 1.25);
    sum += third;
    EXPECT_LE(backoff_delay(2s, 4000000000U, 1, UnitId(unit)), 375s);
    EXPECT_GE(backoff_delay(2s, 30, 1, UnitId(unit)), 225s);
    EXPECT_GE(backoff_delay(10min, 9, 1, UnitId(unit)), 450s) << "a longer base than the cap is kept";
  }
  EXPECT_NEAR(sum / 1000, 8.0, 0.2);
  EXPECT_NE(backoff_delay(2s, 2, 1, UnitId(1)), backoff_delay(2s, 2, 1, UnitId(2)));
  EXPECT_EQ(backoff_delay(2s, 2, 1, UnitId(1)), backoff_delay(2s, 2, 1, UnitId(1)));
  EXPECT_EQ(backoff_delay(0s, 5, 1, UnitId(1)), 0s);
}

}  // namespace
}  // namespace kiln::schedule
