#include "coordinator_fixture.hpp"

namespace kiln::protocol {
namespace {

using namespace std::chrono_literals;

class HeldResultsTest : public CoordinatorTest {
 protected:
  /// Hands out all of it and reports it, held by whom `held` names.
  void all_done(std::uint64_t units, int workers, const std::vector<int>& held) {
    begin(units, workers);
    for (const auto& [rank, batch] : take<Batch>()) {
      hear(rank, part(batch, std::find(held.begin(), held.end(), rank) != held.end()));
    }
  }
};

TEST_F(HeldResultsTest, AreWrittenByTheirWorkerBeforeTheCommitNamesThem) {
  all_done(4, 1, {1});
  EXPECT_EQ(coordinator->counts().done, 4U);
  EXPECT_EQ(coordinator->held_units(), 4U);
  EXPECT_EQ(port.committing, nullptr);
  ASSERT_EQ(take<Flush>().size(), 1U);

  hear(1, segment({make_interval(0, 4)}, true));
  ASSERT_NE(port.committing, nullptr);
  EXPECT_EQ(port.committing->done.count(), 4U);
  ASSERT_EQ(port.committing->segments.size(), 1U);
  EXPECT_EQ(port.committing->segments[0].file, "w.h5");
  EXPECT_TRUE(port.committing->rows.empty());
  EXPECT_FALSE(port.finished);
  committed();
  EXPECT_EQ(port.finished, Outcome::complete);
  EXPECT_EQ(coordinator->counts().committed, 4U);
  EXPECT_EQ(coordinator->committed_bytes(), 100U);
  EXPECT_TRUE(take<Flush>().empty());
}

TEST_F(HeldResultsTest, GoIntoOneEntryWithThoseThatRide) {
  all_done(8, 2, {1});
  EXPECT_EQ(port.committing, nullptr) << "rank 1 has not answered";
  hear(1, segment({make_interval(0, 4)}, true));
  ASSERT_NE(port.committing, nullptr);
  EXPECT_EQ(port.committing->done.count(), 8U);
  EXPECT_EQ(port.committing->segments.size(), 1U);
  EXPECT_EQ(port.committing->rows, (std::vector<Bytes>{Bytes(8)}));
  EXPECT_EQ(port.committing->partials, (std::vector<Bytes>{Bytes(4)}));
  EXPECT_EQ(port.committing->bytes, 12U);
}

TEST_F(HeldResultsTest, HoldUpNobodyWhoIsInAHurry) {
  all_done(12, 2, {1});  // one batch is left, and runs
  EXPECT_TRUE(take<Flush>().empty());
  coordinator->on_interrupt(Rank(0), true, now);
  EXPECT_EQ(take<Flush>().size(), 1U);
  ASSERT_NE(port.committing, nullptr);
  EXPECT_EQ(port.committing->done.count(), 4U);
}

TEST_F(HeldResultsTest, AreAskedForAtTheCheckpointAndOnce) {
  all_done(100, 2, {1, 2});
  pass(29s);
  EXPECT_TRUE(take<Flush>().empty());
  EXPECT_EQ(coordinator->next_wake(now), now + 1s);
  pass(1s);
  EXPECT_EQ(take<Flush>().size(), 2U);
  hear(1, segment({make_interval(0, 4)}, true));
  pass(100s);
  EXPECT_TRUE(take<Flush>().empty()) << "one round at a time";
  EXPECT_EQ(port.committing, nullptr);
  EXPECT_FALSE(coordinator->next_wake(now));
  hear(2, segment({make_interval(4, 8)}, true));
  ASSERT_NE(port.committing, nullptr);
  EXPECT_EQ(port.committing->segments.size(), 2U);
  EXPECT_TRUE(take<Flush>().empty());
}

TEST_F(HeldResultsTest, ThatCameAfterTheQuestionWaitForTheNext) {
  options.batch = "2";
  begin(6, 1);
  auto batches = take<Batch>();
  hear(1, part(batches[0].second, true));
  pass(30s);
  EXPECT_EQ(take<Flush>().size(), 1U);
  batches = take<Batch>();
  hear(1, part(batches[0].second, true));
  hear(1, segment({make_interval(0, 2)}, true));
  ASSERT_NE(port.committing, nullptr);
  EXPECT_EQ(port.committing->done.count(), 2U);
  EXPECT_EQ(coordinator->held_units(), 2U);
  committed();
  EXPECT_TRUE(take<Flush>().empty());
  EXPECT_EQ(coordinator->next_wake(now), now + 30s);
}

TEST_F(HeldResultsTest, ThatAreGoneAfterAFaultDoNotHoldUpTheEnd) {
  all_done(8, 2, {1});
  ASSERT_EQ(take<Flush>().size(), 1U);
  hear(1, Fault{3, "rank 1: cannot be joined"});
  hear(1, segment({}, true));
  ASSERT_NE(port.committing, nullptr);
  EXPECT_EQ(port.committing->done.count(), 4U);
  committed();
  EXPECT_TRUE(take<Flush>().empty());
  EXPECT_EQ(port.finished, Outcome::fault);
  EXPECT_EQ(coordinator->counts().done, 4U) << "the others are open again";
  EXPECT_EQ(coordinator->counts().committed, 4U);
  EXPECT_EQ(coordinator->held_units(), 0U);
}

TEST_F(HeldResultsTest, MayBeWrittenUnasked) {
  all_done(100, 1, {1});
  hear(1, segment({make_interval(0, 4)}, false));
  EXPECT_EQ(coordinator->held_units(), 0U);
  EXPECT_EQ(port.committing, nullptr);
  pass(30s);
  EXPECT_TRUE(take<Flush>().empty());
  ASSERT_NE(port.committing, nullptr);
  EXPECT_EQ(port.committing->segments.size(), 1U);
}

TEST_F(HeldResultsTest, OfOthersAreNotTaken) {
  all_done(100, 2, {1, 2});
  hear(1, segment({make_interval(0, 5)}, false));                       // 4 is with rank 2
  hear(1, segment({make_interval(0, 2), make_interval(1, 3)}, false));  // twice
  Segment nameless = segment({make_interval(0, 4)}, false);
  nameless.file.clear();
  hear(1, nameless);
  EXPECT_EQ(coordinator->counts().dropped, 3U);
  EXPECT_EQ(coordinator->held_units(), 8U);
  hear(1, segment({make_interval(0, 4)}, false));
  hear(1, segment({make_interval(0, 4)}, false));  // a second time
  EXPECT_EQ(coordinator->counts().dropped, 4U);
  EXPECT_EQ(coordinator->held_units(), 4U);
}

TEST_F(HeldResultsTest, AreNotInTheirPart) {
  begin(4, 1);
  Part odd = part(take<Batch>()[0].second, true);
  odd.rows = Bytes(1);
  hear(1, odd);
  EXPECT_EQ(coordinator->counts().dropped, 1U);
  EXPECT_EQ(coordinator->counts().done, 0U);
}

TEST_F(HeldResultsTest, ThatCannotBeWrittenStopTheHandingOut) {
  options.batch = "2";
  begin(100, 2);
  auto batches = take<Batch>();
  hear(1, part(batches[0].second, true));
  batches.push_back(take<Batch>()[0]);
  hear(1, failed(false));
  hear(2, part(batches[1].second, false));
  EXPECT_TRUE(take<Batch>().empty());
  EXPECT_EQ(coordinator->next_wake(now), now + options.storage_retry);
  pass(options.storage_retry);
  EXPECT_EQ(take<Flush>().size(), 1U);
  ASSERT_NE(port.committing, nullptr) << "what others gave does not wait for a bad disk";
  committed();
  EXPECT_TRUE(take<Batch>().empty()) << "rank 1 still cannot write";
  hear(1, segment({make_interval(0, 2)}, true));
  EXPECT_EQ(take<Batch>().size(), 1U) << "rank 2 was idle";
}

TEST_F(HeldResultsTest, ThatCannotBeWrittenEndTheRunAfterAWhile) {
  all_done(4, 1, {1});
  for (int i = 0; i < 30; ++i) {
    ASSERT_EQ(take<Flush>().size(), 1U) << i;
    hear(1, failed(true));
    EXPECT_FALSE(port.finished) << i;
    EXPECT_EQ(coordinator->next_wake(now), now + 1s) << i;
    pass(1s);
  }
  hear(1, failed(true));
  EXPECT_EQ(port.finished, Outcome::storage);
  EXPECT_EQ(coordinator->counts().committed, 0U);
}

TEST_F(HeldResultsTest, AreCommittedAfterACommitThatFailed) {
  all_done(8, 2, {1});
  hear(1, segment({make_interval(0, 4)}, true));
  commit_fails();
  EXPECT_EQ(port.committing, nullptr);
  pass(options.storage_retry);
  ASSERT_NE(port.committing, nullptr);
  EXPECT_EQ(port.committing->segments.size(), 1U);
  EXPECT_EQ(port.committing->partials.size(), 1U);
  EXPECT_EQ(port.committing->bytes, 12U);
  committed();
  EXPECT_EQ(port.finished, Outcome::complete);
}

TEST_F(HeldResultsTest, ThatCameDuringACommitThatFailsAreInTheNext) {
  all_done(100, 2, {2});
  pass(30s);
  hear(2, segment({make_interval(4, 8)}, true));
  ASSERT_NE(port.committing, nullptr);
  for (const auto& [rank, batch] : take<Batch>()) hear(rank, part(batch, rank == 1));
  hear(1, segment({make_interval(8, 12)}, false));
  commit_fails();
  EXPECT_EQ(coordinator->pending_bytes(), 24U);
  pass(options.storage_retry);
  ASSERT_NE(port.committing, nullptr);
  EXPECT_EQ(port.committing->done.count(), 16U);
  EXPECT_EQ(port.committing->segments.size(), 2U);
  EXPECT_EQ(port.committing->rows.size(), 2U);
  EXPECT_EQ(port.committing->partials.size(), 2U);
  EXPECT_EQ(port.committing->bytes, 24U);
}

TEST_F(HeldResultsTest, OfAnInterruptedRunAreCommitted) {
  all_done(12, 2, {1});
  EXPECT_EQ(take<Batch>().size(), 1U);
  coordinator->on_interrupt(Rank(0), false, now);
  hear(1, GivenBack{{{BatchId(3), make_interval(8, 12), true}}});
  EXPECT_EQ(take<Flush>().size(), 1U);
  hear(1, segment({make_interval(0, 4)}, true));
  committed();
  EXPECT_EQ(port.finished, Outcome::interrupted);
  EXPECT_EQ(coordinator->counts().committed, 8U);
}

TEST_F(HeldResultsTest, KeepAFullWorkerFromNewUnits) {
  begin(100, 1);
  Part full = part(take<Batch>()[0].second, true);
  full.full = true;
  full.held_bytes = 1000;
  hear(1, full);
  EXPECT_TRUE(take<Batch>().empty());
  EXPECT_EQ(coordinator->workers()[0].held_bytes, 1000U);
  hear(1, segment({make_interval(0, 4)}, false));
  EXPECT_EQ(take<Batch>().size(), 1U);
  EXPECT_EQ(coordinator->workers()[0].held_bytes, 0U);
}

}  // namespace
}  // namespace kiln::protocol
