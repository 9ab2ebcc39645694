#include "protocol/retained.hpp"

#include "coordinator_fixture.hpp"
#include "protocol/in_hand.hpp"

namespace kiln::protocol {
namespace {

Part part_of(std::uint64_t first, std::uint64_t last, std::size_t rows) {
  Part part;
  part.batch = BatchId(first);
  part.done = {make_interval(first, last)};
  part.rows = Bytes(rows);
  return part;
}

void keep(Retained& retained, Part part) {
  part.number = retained.next_number();
  retained.keep(std::move(part));
}

const Part& kept(const Retained& retained, std::size_t index) { return std::get<Part>(retained.messages().at(index)); }

TEST(Retained, WithoutABoundNothingIsKeptOrNumbered) {
  Retained retained(0);
  EXPECT_EQ(retained.next_number(), 0U);
  keep(retained, part_of(0, 5, 100));
  EXPECT_TRUE(retained.messages().empty());
}

TEST(Retained, KeepsUntilCommitted) {
  Retained retained(100'000);
  for (std::uint64_t i = 0; i < 4; ++i) keep(retained, part_of(i, i + 1, 10));
  retained.committed(2);
  ASSERT_EQ(retained.messages().size(), 2U);
  EXPECT_EQ(kept(retained, 0).number, 3U);
  EXPECT_EQ(kept(retained, 0).rows.size(), 10U);
  retained.committed(4);
  EXPECT_EQ(retained.bytes(), 0U);
  EXPECT_EQ(retained.next_number(), 5U);
}

TEST(Retained, DropsTheOldestWhereItDoesNotFit) {
  Retained retained(10'000);
  for (std::uint64_t i = 0; i < 20; ++i) {
    keep(retained, part_of(i, i + 1, 2'000));
    EXPECT_LE(retained.bytes(), retained.most());
  }
  ASSERT_FALSE(retained.messages().empty());
  EXPECT_GT(kept(retained, 0).number, 1U);
  EXPECT_EQ(kept(retained, retained.messages().size() - 1).number, 20U);
}

TEST(Retained, PartsWithoutResultsAreKeptAsOne) {
  Retained retained(100'000);
  for (std::uint64_t i = 0; i < 1000; ++i) keep(retained, part_of(i, i + 1, 0));
  ASSERT_EQ(retained.messages().size(), 1U);
  EXPECT_EQ(kept(retained, 0).done, (std::vector{make_interval(0, 1000)}));
  EXPECT_EQ(kept(retained, 0).number, 1000U);
  EXPECT_EQ(Retained::bytes_of(part_of(0, 1, 0)), 0U);
  retained.committed(999);
  EXPECT_EQ(retained.messages().size(), 1U) << "the last of it is not committed";
  retained.committed(1000);
  EXPECT_EQ(retained.bytes(), 0U);
}

TEST(Retained, OfAHeldPartOnlyFailuresAreKept) {
  Retained retained(100'000);
  Part held = part_of(0, 5, 0);
  held.held = true;
  keep(retained, held);
  EXPECT_TRUE(retained.messages().empty());
  held.failures.push_back({UnitId(5), FailureKind::failed, "exit code 3", {}});
  held.failures.push_back({UnitId(6), FailureKind::cancelled, "", {}});
  keep(retained, held);
  ASSERT_EQ(retained.messages().size(), 1U);
  EXPECT_TRUE(kept(retained, 0).done.empty());
  EXPECT_FALSE(kept(retained, 0).held);
  EXPECT_EQ(kept(retained, 0).failures.size(), 1U);
}

TEST(Retained, EmptySegmentsAreNotKept) {
  Retained retained(100'000);
  retained.keep(Segment{});
  EXPECT_TRUE(retained.messages().empty());
  Segment segment;
  segment.units = {make_interval(0, 3)};
  segment.number = retained.next_number();
  retained.keep(segment);
  EXPECT_EQ(retained.messages().size(), 1U);
}

TEST(InHand, WhatIsReportedOrGivenBackIsNotInHand) {
  InHand hand;
  hand.add(Batch{BatchId(3), make_interval(0, 10), 1, {}});
  hand.add(Batch{BatchId(4), make_interval(20, 30), 2, {}});
  EXPECT_EQ(hand.attempt(BatchId(4)), 2U);
  EXPECT_EQ(hand.attempt(BatchId(5)), 0U);
  Part part = part_of(0, 3, 0);
  part.batch = BatchId(3);
  part.failures.push_back({UnitId(4), FailureKind::failed, "no", {}});
  hand.remove(part);
  hand.remove(GivenBack::Piece{BatchId(4), make_interval(25, 30), false});
  const auto batches = hand.batches();
  ASSERT_EQ(batches.size(), 2U);
  EXPECT_EQ(batches[0].units, (std::vector{make_interval(3, 4), make_interval(5, 10)}));
  EXPECT_EQ(batches[1].units, (std::vector{make_interval(20, 25)}));
  part.last = true;
  hand.remove(part);
  hand.remove(GivenBack::Piece{BatchId(4), make_interval(20, 25), true});
  EXPECT_TRUE(hand.batches().empty());
}

/// What the coordinator says of what workers retain.
class RetainingTest : public CoordinatorTest {
 protected:
  RetainingTest() { options.retain_bytes = 10'000; }
  static Part numbered(const Batch& batch, std::uint64_t number, std::size_t rows = 8) {
    Part one = part(batch, false);
    one.rows = Bytes(rows);
    one.number = number;
    return one;
  }
};

TEST_F(RetainingTest, SaysWhatIsCommittedAndNoMore) {
  begin(12, 2);
  const auto batches = take<Batch>();
  ASSERT_EQ(batches.size(), 2U);
  hear(1, numbered(batches[0].second, 7));
  pass(options.checkpoint_every);
  const auto more = take<Batch>();
  hear(2, numbered(batches[1].second, 3));
  EXPECT_TRUE(take<Committed>().empty()) << "not before it is durable";
  committed();
  const auto said = take<Committed>();
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].first, 1);
  EXPECT_EQ(said[0].second.number, 7U);
  ASSERT_EQ(more.size(), 1U);
  hear(1, numbered(more[0].second, 8));
  committed();
  EXPECT_EQ(take<Committed>().size(), 2U);
}

TEST_F(RetainingTest, AFailedCommitIsNotSaid) {
  begin(4, 1);
  hear(1, numbered(take<Batch>()[0].second, 1));
  commit_fails();
  EXPECT_TRUE(take<Committed>().empty());
  pass(options.storage_retry);
  committed();
  EXPECT_EQ(take<Committed>().size(), 1U);
}

TEST_F(RetainingTest, CommitsEarlyWhereOneWorkerRetainsHalfOfWhatItMay) {
  begin(100, 1);
  auto batches = take<Batch>();
  hear(1, numbered(batches[0].second, 1, 4'000));
  EXPECT_EQ(port.committing, nullptr);
  batches = take<Batch>();
  hear(1, numbered(batches[0].second, 2, 4'000));
  EXPECT_NE(port.committing, nullptr);
}

TEST_F(RetainingTest, WhoCameBackRetainsNothingOfBefore) {
  begin(100, 2);
  const auto batches = take<Batch>();
  hear(1, numbered(batches[0].second, 5));
  pass(options.checkpoint_every);
  coordinator->on_dead(Rank(1), true, now);
  coordinator->on_back(Rank(1), now);
  committed();
  EXPECT_TRUE(take<Committed>().empty());
}

}  // namespace
}  // namespace kiln::protocol
