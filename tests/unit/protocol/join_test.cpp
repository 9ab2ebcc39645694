#include <kiln/error.hpp>

#include "coordinator_fixture.hpp"

namespace kiln::protocol {
namespace {

using namespace std::chrono_literals;

class JoinTest : public CoordinatorTest {
 protected:
  JoinTest() { options.join_counts = 10; }

  /// All units are done, four with each of the workers, who hold them and may join them, but for `others`.
  void all_held(int workers, const std::vector<int>& others = {}) {
    begin(4 * static_cast<std::uint64_t>(workers), workers);
    for (const auto& [rank, batch] : take<Batch>()) {
      Part one = part(batch, true);
      one.joinable = std::find(others.begin(), others.end(), rank) == others.end();
      hear(rank, one);
    }
  }
  void joined(const std::vector<int>& ranks) {
    std::vector<Coordinator::Joined> all;
    for (const int rank : ranks) {
      const auto first = static_cast<std::uint64_t>(4 * rank - 4);
      all.push_back({Rank(rank), {make_interval(first, first + 4)}});
    }
    coordinator->on_joined(all, 80, now);
  }
};

TEST_F(JoinTest, TakesWhatAllHoldWithoutAFile) {
  all_held(3);
  const auto asked = take<Join>();
  ASSERT_EQ(asked.size(), 3U);
  EXPECT_EQ(asked[0].second.counts, 10U);
  EXPECT_EQ(port.joins, 1);
  EXPECT_TRUE(take<Flush>().empty());
  pass(100s);
  EXPECT_EQ(port.committing, nullptr);
  EXPECT_FALSE(port.finished);

  joined({1, 2, 3});
  ASSERT_NE(port.committing, nullptr);
  EXPECT_TRUE(port.committing->joined);
  EXPECT_EQ(port.committing->done.count(), 12U);
  EXPECT_EQ(port.committing->bytes, 80U);
  EXPECT_EQ(coordinator->held_units(), 0U);
  committed();
  EXPECT_EQ(port.finished, Outcome::complete);
  EXPECT_EQ(coordinator->committed_bytes(), 80U);
}

TEST_F(JoinTest, IsNotAskedForWhereResultsAreNoCounts) {
  options.join_counts = 0;
  all_held(2);
  EXPECT_TRUE(take<Join>().empty());
  EXPECT_EQ(take<Flush>().size(), 2U);
}

TEST_F(JoinTest, IsNoCheckpoint) {
  begin(100, 2);
  for (const auto& [rank, batch] : take<Batch>()) {
    Part one = part(batch, true);
    one.joinable = true;
    hear(rank, one);
  }
  pass(30s);
  EXPECT_TRUE(take<Join>().empty());
  EXPECT_EQ(take<Flush>().size(), 2U);
}

TEST_F(JoinTest, ComesAfterTheFilesOfThoseWhoCannot) {
  all_held(2, {2});
  EXPECT_TRUE(take<Join>().empty());
  const auto flushed = take<Flush>();
  ASSERT_EQ(flushed.size(), 1U);
  EXPECT_EQ(flushed[0].first, 2);
  hear(2, segment({make_interval(4, 8)}, true));
  ASSERT_NE(port.committing, nullptr);
  EXPECT_FALSE(port.committing->joined);
  committed();
  EXPECT_EQ(take<Join>().size(), 2U) << "all take part";
  joined({1});
  committed();
  EXPECT_EQ(port.finished, Outcome::complete);
}

TEST_F(JoinTest, TakesPlaceOnceAndTheRestIsWritten) {
  all_held(2);
  take<Join>();
  joined({1});  // rank 2 was writing a segment, unasked
  EXPECT_TRUE(take<Join>().empty());
  EXPECT_EQ(take<Flush>().size(), 1U);
  hear(2, segment({make_interval(4, 8)}, true));
  ASSERT_NE(port.committing, nullptr);
  EXPECT_TRUE(port.committing->joined);
  EXPECT_EQ(port.committing->done.count(), 8U);
}

TEST_F(JoinTest, OfARunThatIsStoppedIsStillCommitted) {
  all_held(2);
  take<Join>();
  coordinator->on_interrupt(Rank(0), true, now);
  EXPECT_FALSE(port.finished) << "the collective goes to its end";
  joined({1, 2});
  committed();
  EXPECT_EQ(port.finished, Outcome::complete);
}

TEST_F(JoinTest, IsNotBegunByARunThatIsStopped) {
  begin(8, 2);
  const auto batches = take<Batch>();
  Part one = part(batches[0].second, true);
  one.joinable = true;
  hear(1, one);
  coordinator->on_interrupt(Rank(0), false, now);
  one = part(batches[1].second, true);
  one.joinable = true;
  hear(2, one);
  EXPECT_TRUE(take<Join>().empty());
  EXPECT_EQ(take<Flush>().size(), 2U);
}

// Whoever wakes it asks again; without one all is written.
TEST_F(JoinTest, WaitsForACommunicatorThatIsBeingMade) {
  using CanJoin = RecordingPort::CanJoin;
  for (const CanJoin then : {CanJoin::yes, CanJoin::no}) {
    port = {};
    port.joining = CanJoin::soon;
    all_held(2);
    pass(1000s);
    EXPECT_TRUE(take<Join>().empty());
    EXPECT_TRUE(take<Flush>().empty());
    EXPECT_EQ(coordinator->next_wake(now), std::nullopt);
    EXPECT_FALSE(port.finished);
    port.joining = then;
    pass(0s);
    EXPECT_EQ(take<Join>().size(), then == CanJoin::yes ? 2U : 0U);
    EXPECT_EQ(take<Flush>().size(), then == CanJoin::yes ? 0U : 2U);
  }
}

TEST_F(JoinTest, WaitsForNoCommunicatorWhereTheRunIsStopped) {
  port.joining = RecordingPort::CanJoin::soon;
  all_held(2);
  coordinator->on_interrupt(Rank(0), false, now);
  EXPECT_EQ(take<Flush>().size(), 2U);
}

TEST_F(JoinTest, StaysInAPlanThatFails) {
  all_held(2);
  joined({1, 2});
  commit_fails();
  EXPECT_EQ(port.committing, nullptr);
  pass(options.storage_retry);
  ASSERT_NE(port.committing, nullptr);
  EXPECT_TRUE(port.committing->joined);
  EXPECT_EQ(port.committing->bytes, 80U);
}

TEST_F(JoinTest, OfUnitsOfOthersEndsTheRun) {
  all_held(2);
  EXPECT_THROW(coordinator->on_joined({{Rank(1), {make_interval(4, 8)}}}, 80, now), Error);
}

}  // namespace
}  // namespace kiln::protocol
