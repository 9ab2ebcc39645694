#include <kiln/detail/place.hpp>
#include "schedule/unit_queue.hpp"

#include "unit/schedule/naive.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <map>
#include <string>
#include <utility>

namespace kiln::schedule {
namespace {

using detail::most_aligned;
using detail::Place;
using detail::places_of;
using testing::Draw;
using testing::ranks;

TEST(DyadicBorders, TheMostAlignedNumberOfARange) {
  for (std::uint64_t low = 0; low < 70; ++low) {
    for (std::uint64_t high = low; high < 70; ++high) {
      const std::uint64_t found = most_aligned(low, high);
      ASSERT_TRUE(low <= found && found <= high);
      const auto zeros = [](std::uint64_t x) { return x == 0 ? 64 : std::countr_zero(x); };
      for (std::uint64_t x = low; x <= high; ++x) ASSERT_LE(zeros(x), zeros(found)) << low << " to " << high;
    }
  }
  EXPECT_EQ(most_aligned(UINT64_MAX - 3, UINT64_MAX), UINT64_MAX - 3);
}

TEST(DyadicBorders, ABatchIsHalfOfWhatItMayHoldAtLeast) {
  for (const auto direction : {Direction::ascending, Direction::descending}) {
    UnitQueue queue(IntervalSet(make_interval(3, 100'003)), {.direction = direction, .dyadic = true}, ranks(2));
    std::size_t most_places = 0;
    while (queue.count() > 1000) {
      const Interval batch = *queue.take(Rank(1), 1000);
      EXPECT_GE(batch.size(), 500U);
      EXPECT_LE(batch.size(), 1000U);
      if (batch.first.value() > 1024 && batch.last.value() < 99'000) {
        most_places = std::max(most_places, places_of(batch).size());
      }
    }
    EXPECT_LE(most_places, 2U);
    const std::uint64_t rest = queue.count();
    EXPECT_EQ(queue.take(Rank(1), rest)->size(), rest) << "what is left is not cut";
  }
}

TEST(DyadicBorders, BytesCutThereAsWell) {
  UnitQueue queue(IntervalSet(make_interval(0, 100)), {.dyadic = true}, ranks(1));
  const auto one_each = [](UnitId) { return std::uint64_t{1}; };
  EXPECT_EQ(queue.take(Rank(1), 64, 13, one_each), make_interval(0, 8));
  EXPECT_EQ(queue.take(Rank(1), 64, 0, one_each), make_interval(8, 9)) << "one at least";
}

TEST(DyadicBorders, SharesAndSteals) {
  UnitQueue queue(IntervalSet(make_interval(0, 1'000'000)), {.order = Order::home, .dyadic = true}, ranks(4));
  const auto first_of = [&](std::int32_t rank) { return queue.take(Rank(rank), 1)->first.value(); };
  for (std::int32_t rank = 2; rank <= 4; ++rank) {
    const std::uint64_t first = first_of(rank);
    EXPECT_EQ(first % 8192, 0U) << "share of rank " << rank << " begins at " << first;
    EXPECT_NEAR(static_cast<double>(first), 250'000.0 * (rank - 1), 250'000.0 / 32);
  }
  const std::uint64_t stolen = first_of(5);
  EXPECT_EQ(stolen % 32'768, 0U) << stolen;
}

TEST(DyadicBorders, SharesOfUnitsWithHolesAreAllDealt) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    Draw draw(seed);
    IntervalSet units(make_interval(0, 3000));
    for (std::uint64_t i = draw.below(20); i > 0; --i) units.erase(draw.interval(3000, 300));
    const auto workers = ranks(static_cast<std::int32_t>(1 + draw.below(9)));
    const auto direction = draw.one_in(2) ? Direction::ascending : Direction::descending;
    UnitQueue queue(units, {.order = Order::home, .direction = direction, .dyadic = true}, workers);
    IntervalSet taken;
    while (!queue.empty()) {
      const Rank worker(static_cast<std::int32_t>(1 + draw.below(workers.size() + 1)));
      const std::uint64_t most = 1 + draw.below(200);
      const Interval batch = *queue.take(worker, most);
      ASSERT_EQ(taken.insert(batch), batch.size());
      ASSERT_LE(batch.size(), most);
      if (draw.one_in(10)) {
        queue.put_back(batch);
        taken.erase(batch);
      }
    }
    EXPECT_EQ(taken, units);
  }
}

/// What a worker that ran these batches holds, siblings joined.
std::size_t nodes_of(const IntervalSet& units) {
  std::size_t nodes = 0;
  for (const Interval& interval : units.intervals()) nodes += places_of(interval).size();
  return nodes;
}

std::size_t most_nodes(Order order, bool dyadic) {
  Draw draw(7);
  UnitQueue queue(IntervalSet(make_interval(0, 1'000'000)), {.order = order, .dyadic = dyadic}, ranks(4));
  std::map<Rank, IntervalSet> done;
  while (!queue.empty()) {
    const Rank worker(static_cast<std::int32_t>(1 + draw.below(4)));
    done[worker].insert(*queue.take(worker, 900 + draw.below(200)));
  }
  std::size_t most = 0;
  for (const auto& [worker, units] : done) most = std::max(most, nodes_of(units));
  ::testing::Test::RecordProperty(std::string(order == Order::home ? "home" : "listed") + (dyadic ? "_cut" : "_uncut"),
                                  static_cast<int>(most));
  return most;
}

TEST(DyadicBorders, WorkersThatFoldHoldFewNodes) {
  EXPECT_GT(most_nodes(Order::listed, false), 1500U);
  EXPECT_LT(most_nodes(Order::listed, true), 450U);
  EXPECT_LT(most_nodes(Order::home, true), 40U);
  EXPECT_LT(most_nodes(Order::home, true), most_nodes(Order::home, false));
}

}  // namespace
}  // namespace kiln::schedule
