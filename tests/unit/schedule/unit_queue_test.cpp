#include "schedule/unit_queue.hpp"

#include "unit/schedule/naive.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace kiln::schedule {
namespace {

using testing::Draw;
using testing::ranks;
using testing::units_of;
using testing::UnitSet;

TEST(UnitQueue, ListedGoesFromTheFrontOrTheBack) {
  const IntervalSet units(make_interval(0, 10));
  UnitQueue up(units, {}, ranks(2));
  EXPECT_EQ(up.take(Rank(2), 4), make_interval(0, 4));
  EXPECT_EQ(up.take(Rank(1), 100), make_interval(4, 10));
  EXPECT_FALSE(up.take(Rank(1), 1));
  UnitQueue down(units, {.direction = Direction::descending}, ranks(2));
  EXPECT_EQ(down.take(Rank(1), 4), make_interval(6, 10));
  down.put_back(make_interval(8, 9));
  EXPECT_EQ(down.take(Rank(1), 4), make_interval(8, 9));
  EXPECT_EQ(down.count(), 6U);
}

TEST(UnitQueue, HigherPriorityGoesFirstAndTheLaterClassHolds) {
  QueueOptions options;
  options.priorities = {{make_interval(20, 40), 5}, {make_interval(30, 35), -1}, {make_interval(90, 200), 7}};
  UnitQueue queue(IntervalSet(make_interval(0, 100)), options, {});
  std::vector<Interval> order;
  while (const auto taken = queue.take(Rank(1), 1000)) order.push_back(*taken);
  const std::vector<Interval> expected{make_interval(90, 100), make_interval(20, 30), make_interval(35, 40),
                                       make_interval(0, 20),   make_interval(40, 90), make_interval(30, 35)};
  EXPECT_EQ(order, expected);
  queue.put_back(make_interval(25, 33));
  EXPECT_EQ(queue.count(), 8U);
  EXPECT_EQ(queue.take(Rank(1), 100), make_interval(25, 30));
  EXPECT_EQ(queue.take(Rank(1), 100), make_interval(30, 33));
}

TEST(UnitQueue, HomeSharesAreContiguousAndAnEmptyOneTakesTheTailHalfOfTheLargest) {
  UnitQueue queue(IntervalSet(make_interval(0, 100)), {.order = Order::home}, ranks(4));
  EXPECT_EQ(queue.take(Rank(1), 25), make_interval(0, 25));
  EXPECT_EQ(queue.take(Rank(2), 10), make_interval(25, 35));
  EXPECT_EQ(queue.take(Rank(4), 10), make_interval(75, 85));
  EXPECT_EQ(queue.take(Rank(1), 5), make_interval(62, 67)) << "of rank 3, whose 25 are the most";
  EXPECT_EQ(queue.take(Rank(1), 100), make_interval(67, 75));
  EXPECT_EQ(queue.take(Rank(3), 100), make_interval(50, 62));
}

TEST(UnitQueue, HomeDescendingWalksDownAndItsTailIsTheLowEnd) {
  UnitQueue queue(IntervalSet(make_interval(0, 20)), {.order = Order::home, .direction = Direction::descending},
                  ranks(2));
  EXPECT_EQ(queue.take(Rank(1), 10), make_interval(0, 10));
  EXPECT_EQ(queue.take(Rank(1), 2), make_interval(13, 15));
  EXPECT_EQ(queue.take(Rank(2), 2), make_interval(18, 20));
}

TEST(UnitQueue, AStrangerOwnsNothingButSteals) {
  UnitQueue queue(IntervalSet(make_interval(0, 8)), {.order = Order::home}, ranks(2));
  EXPECT_EQ(queue.take(Rank(9), 1), make_interval(2, 3));
  UnitQueue nobody(IntervalSet(make_interval(0, 8)), {.order = Order::home}, {});
  std::uint64_t taken = 0;
  while (const auto units = nobody.take(Rank(3), 3)) taken += units->size();
  EXPECT_EQ(taken, 8U);
}

TEST(UnitQueue, BytesCutABatchButNeverToNothing) {
  const auto size = [](UnitId unit) { return unit.value() == 3 ? std::uint64_t{1000} : std::uint64_t{10}; };
  UnitQueue up(IntervalSet(make_interval(0, 8)), {}, {});
  EXPECT_EQ(up.take(Rank(1), 100, 25, size), make_interval(0, 2));
  EXPECT_EQ(up.take(Rank(1), 1, 25, size), make_interval(2, 3));
  EXPECT_EQ(up.take(Rank(1), 100, 25, size), make_interval(3, 4));
  EXPECT_EQ(up.take(Rank(1), 100, ~std::uint64_t{0}, size), make_interval(4, 8));
  UnitQueue down(IntervalSet(make_interval(0, 8)), {.direction = Direction::descending}, {});
  EXPECT_EQ(down.take(Rank(1), 100, 35, size), make_interval(5, 8));
}

TEST(UnitQueue, UnitsComeBackToTheirPlace) {
  UnitQueue queue(IntervalSet(make_interval(0, 100)), {.order = Order::home}, ranks(4));
  while (queue.take(Rank(2), 7)) {
  }
  queue.put_back(make_interval(20, 60));
  EXPECT_EQ(queue.count(), 40U);
  EXPECT_EQ(queue.take(Rank(3), 100), make_interval(50, 60));
  EXPECT_EQ(queue.take(Rank(1), 100), make_interval(20, 25));
  EXPECT_EQ(queue.take(Rank(2), 100), make_interval(25, 50));
  EXPECT_TRUE(queue.empty());
}

// The definition, unit by unit and without any cleverness.
class NaiveQueue {
 public:
  NaiveQueue(const UnitSet& units, const QueueOptions& options, const std::vector<Rank>& workers)
      : options_(options), workers_(workers) {
    std::map<std::int32_t, std::vector<std::uint64_t>> dealt;
    for (const std::uint64_t unit : units) dealt[priority(unit)].push_back(unit);
    for (const auto& [level, list] : dealt) deal(level, list);
  }
  std::int32_t priority(std::uint64_t unit) const {
    std::int32_t level = 0;
    for (const PriorityClass& one : options_.priorities) {
      if (one.interval.contains(UnitId(unit))) level = one.priority;
    }
    return level;
  }
  std::optional<Interval> take(Rank worker, std::uint64_t most) {
    for (auto it = shares_.rbegin(); it != shares_.rend(); ++it) {
      auto& shares = it->second;
      if (std::ranges::all_of(shares, [](const auto& share) { return share.second.empty(); })) continue;
      const Rank owner = options_.order == Order::listed ? Rank(0) : worker;
      if (shares[owner].empty()) steal(shares, owner);
      return run_of(shares[owner], most);
    }
    return std::nullopt;
  }
  void put_back(Interval units) {
    for (auto unit = units.first.value(); unit < units.last.value(); ++unit) {
      const std::int32_t level = priority(unit);
      auto& borders = borders_[level];
      Rank owner = options_.order == Order::listed ? Rank(0) : workers_.front();
      for (const auto& [first, rank] : borders) {
        if (first <= unit) owner = rank;
      }
      shares_[level][owner].insert(unit);
    }
  }

 private:
  void deal(std::int32_t level, const std::vector<std::uint64_t>& list) {
    const std::size_t people = options_.order == Order::listed ? 1 : workers_.size();
    std::size_t next = 0;
    for (std::size_t i = 0; i < people; ++i) {
      const Rank owner = options_.order == Order::listed ? Rank(0) : workers_[i];
      const std::size_t size = list.size() / people + (i < list.size() % people ? 1 : 0);
      if (size != 0 && i > 0) borders_[level][list[next]] = owner;
      for (std::size_t k = 0; k < size; ++k) shares_[level][owner].insert(list[next++]);
    }
  }
  void steal(std::map<Rank, UnitSet>& shares, Rank thief) {
    Rank victim = thief;
    for (const auto& [rank, share] : shares) {
      if (share.size() > shares[victim].size()) victim = rank;
    }
    const std::size_t size = (shares[victim].size() + 1) / 2;
    for (std::size_t i = 0; i < size; ++i) {
      UnitSet& share = shares[victim];
      const auto it = options_.direction == Direction::ascending ? std::prev(share.end()) : share.begin();
      shares[thief].insert(*it);
      share.erase(it);
    }
  }
  Interval run_of(UnitSet& share, std::uint64_t most) const {
    const bool up = options_.direction == Direction::ascending;
    const std::uint64_t begin = up ? *share.begin() : *share.rbegin();
    std::uint64_t size = 0;
    while (size < most && share.erase(up ? begin + size : begin - size) == 1) ++size;
    return up ? make_interval(begin, begin + size) : make_interval(begin + 1 - size, begin + 1);
  }

  QueueOptions options_;
  std::vector<Rank> workers_;
  std::map<std::int32_t, std::map<Rank, UnitSet>> shares_;
  std::map<std::int32_t, std::map<std::uint64_t, Rank>> borders_;
};

void play(std::uint64_t seed) {
  SCOPED_TRACE(seed);
  Draw draw(seed);
  constexpr std::uint64_t kUnits = 80;
  QueueOptions options;
  options.order = draw.one_in(3) ? Order::listed : Order::home;
  options.direction = draw.one_in(2) ? Direction::ascending : Direction::descending;
  for (std::uint64_t i = draw.below(4); i > 0; --i) {
    options.priorities.push_back({draw.interval(kUnits, 30), static_cast<std::int32_t>(draw.below(5)) - 2});
  }
  IntervalSet units(make_interval(0, kUnits));
  for (std::uint64_t i = draw.below(6); i > 0; --i) units.erase(draw.interval(kUnits, 10));
  const auto workers = ranks(static_cast<std::int32_t>(1 + draw.below(6)));
  UnitQueue queue(units, options, workers);
  NaiveQueue naive(units_of(units), options, workers);
  IntervalSet out;
  for (int i = 0; i < 120 && !::testing::Test::HasFailure(); ++i) {
    if (!out.empty() && draw.one_in(4)) {
      const auto back = draw.one_in(2) ? out.take_front(1 + draw.below(8)) : out.take_back(1 + draw.below(8));
      queue.put_back(*back);
      naive.put_back(*back);
    } else {
      const Rank worker(static_cast<std::int32_t>(1 + draw.below(workers.size() + 1)));
      const std::uint64_t most = 1 + draw.below(9);
      const auto expected = naive.take(worker, most);
      const auto taken = queue.take(worker, most);
      ASSERT_EQ(taken, expected) << "rank " << worker.value();
      if (taken) {
        EXPECT_EQ(out.insert(*taken), taken->size()) << "handed out twice";
      }
    }
    EXPECT_EQ(queue.count() + out.count(), units.count());
  }
}

TEST(UnitQueue, TakesWhatTheDefinitionTakes) {
  for (std::uint64_t seed = 0; seed < 500 && !HasFailure(); ++seed) play(seed);
}

TEST(UnitQueue, ABillionUnitsOverAHundredThousandWorkers) {
  constexpr std::int32_t kWorkers = 100'000;
  UnitQueue queue(IntervalSet(make_interval(0, 1'000'000'000)), {.order = Order::home}, ranks(kWorkers));
  std::uint64_t taken = 0;
  for (std::int32_t round = 0; round < 3; ++round) {
    for (std::int32_t rank = 1; rank <= kWorkers; rank += 3) taken += queue.take(Rank(rank), 10'000)->size();
  }
  EXPECT_EQ(queue.count() + taken, 1'000'000'000U);
  EXPECT_GT(taken, 500'000'000U);
}

}  // namespace
}  // namespace kiln::schedule
