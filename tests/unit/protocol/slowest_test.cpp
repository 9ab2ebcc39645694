#include "protocol/coordinator.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace kiln::protocol {
namespace {

// Keeps the batches that were handed out; nothing else happens.
class Port final : public CoordinatorPort {
 public:
  void send(Rank to, Message message) override {
    if (auto* batch = std::get_if<Batch>(&message)) batches.emplace_back(to, std::move(*batch));
  }
  std::uint64_t payload_bytes(UnitId) override { return 0; }
  std::uint64_t most_payload_bytes() override { return 0; }
  void commit(std::unique_ptr<CommitPlan>) override {}
  void look_who_ended(Rank) override {}
  void finish(Outcome) override {}
  void note_failure(UnitId, Rank, std::uint32_t, const std::string&, bool) override {}

  std::vector<std::pair<Rank, Batch>> batches;
};

Instant at(int seconds) { return Instant(std::chrono::seconds(seconds)); }

class Slowest : public testing::Test {
 protected:
  Slowest() {
    CoordinatorOptions options;
    options.batch = "4";
    CoordinatorStart start;
    start.units = 8;
    start.workers = {Rank(1), Rank(2)};
    coordinator_.emplace(options, start, port_);
    coordinator_->begin(at(0));
  }
  void ready(int rank, int second) { coordinator_->on_message(Rank(rank), Ready{"node", 1}, at(second)); }
  void done(int rank, std::uint64_t batch, std::uint64_t first, std::uint64_t last, int second) {
    Part part;
    part.batch = BatchId(batch);
    part.done = {make_interval(first, last)};
    part.busy_seconds = 100;  // long units: nobody gets a second batch
    coordinator_->on_message(Rank(rank), std::move(part), at(second));
  }

  Port port_;
  std::optional<Coordinator> coordinator_;
};

TEST_F(Slowest, IsTheFirstOfWhatIsNotReported) {
  EXPECT_TRUE(coordinator_->slowest(10).empty());
  ready(1, 1);
  ready(2, 3);
  ASSERT_EQ(port_.batches.size(), 2U);
  auto running = coordinator_->slowest(10);
  ASSERT_EQ(running.size(), 2U);
  EXPECT_EQ(running[0].unit, UnitId(0));
  EXPECT_EQ(running[0].rank, Rank(1));
  EXPECT_EQ(running[0].since, at(1));
  EXPECT_EQ(running[1].unit, UnitId(4));
  EXPECT_EQ(running[1].since, at(3));

  // Rank 1 gets on: its next unit began when the one before it was reported, so rank 2's is now the oldest.
  done(1, port_.batches[0].second.id.value(), 0, 2, 7);
  running = coordinator_->slowest(10);
  ASSERT_EQ(running.size(), 2U);
  EXPECT_EQ(running[0].unit, UnitId(4));
  EXPECT_EQ(running[1].unit, UnitId(2));
  EXPECT_EQ(running[1].since, at(7));
  EXPECT_EQ(coordinator_->slowest(1).size(), 1U);
  EXPECT_TRUE(coordinator_->slowest(0).empty());
}

TEST_F(Slowest, NothingRunsWhenAllIsReported) {
  ready(1, 1);
  ASSERT_EQ(port_.batches.size(), 1U);
  done(1, port_.batches[0].second.id.value(), 0, 4, 5);
  ASSERT_EQ(port_.batches.size(), 2U);  // the other half, to the same worker
  const auto running = coordinator_->slowest(10);
  ASSERT_EQ(running.size(), 1U);
  EXPECT_EQ(running[0].unit, UnitId(4));
  EXPECT_EQ(running[0].since, at(5));
  done(1, port_.batches[1].second.id.value(), 4, 8, 9);
  EXPECT_TRUE(coordinator_->slowest(10).empty());
}

}  // namespace
}  // namespace kiln::protocol
