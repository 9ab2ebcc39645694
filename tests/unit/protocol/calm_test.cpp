#include "coordinator_fixture.hpp"

namespace kiln::protocol {
namespace {

using namespace std::chrono_literals;

/// How long nobody needs the coordinator.
class Calm : public CoordinatorTest {
 protected:
  /// Of the next batches, one a worker.
  void done_in(int rank, double unit_seconds) {
    for (auto& [to, batch] : take<Batch>()) {
      if (to != rank) {
        port.sent.emplace_back(Rank(to), std::move(batch));
        continue;
      }
      Part all = part(batch, false);
      all.busy_seconds = unit_seconds * static_cast<double>(batch.units.size());
      hear(rank, std::move(all));
    }
  }
};

TEST_F(Calm, IsTheLeastThatAWorkerHasLeft) {
  begin(100, 2);
  EXPECT_EQ(coordinator->calm(now), 0s) << "nobody knows how long units take";
  done_in(1, 0.5);
  EXPECT_EQ(coordinator->calm(now), 0s) << "and of the second worker neither";
  done_in(2, 1);
  EXPECT_EQ(coordinator->calm(now), 2s) << "four units of half a second, or of one";
  now += 500ms;
  EXPECT_EQ(coordinator->calm(now), 1500ms);
  now += 5s;
  EXPECT_EQ(coordinator->calm(now), 0s) << "it takes longer than it should: the part may come any moment";
}

TEST_F(Calm, ThereIsNoneWhileSomebodyHasNothing) {
  begin(8, 2);
  done_in(1, 1);
  EXPECT_EQ(coordinator->calm(now), 0s) << "rank 1 is idle, and what rank 2 gives back is waited for";
}

TEST_F(Calm, ThereIsNoneBeforeAllAreReady) {
  CoordinatorStart start;
  start.units = 100;
  start.workers = {Rank(1), Rank(2)};
  begin(std::move(start));
  hear(1, Ready{"node", 1, 0});
  done_in(1, 1);
  EXPECT_EQ(coordinator->calm(now), 0s);
}

TEST_F(Calm, IsNotAskedOfManyWorkers) {
  begin(1'000, 100);
  for (int rank = 1; rank <= 100; ++rank) done_in(rank, 1);
  EXPECT_EQ(coordinator->calm(now), 0s);
}

}  // namespace
}  // namespace kiln::protocol
