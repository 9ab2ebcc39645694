#include "protocol/worker.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace kiln::protocol {
namespace {

class Port final : public WorkerPort {
 public:
  void send(const Message& message) override { sent.push_back(message); }
  bool set_up(const Setup& setup) override {
    calls.push_back(setup.call);
    return there;
  }
  void submit(Batch) override {}
  std::vector<GivenBack::Piece> take_back(TakeBack::Share) override { return {}; }
  void cancel() override {}
  void signal_units() override {}
  GivenUp give_up(BatchId batch, Interval units) override { return {{{batch, units, true}}, runs}; }
  bool settle(BatchId, bool keep) override {
    settled.push_back(keep);
    return runs && !keep;
  }
  void leave(int) override {}
  void answer(Answer) override {}
  Held held() override { return {bytes, largest, joinable, most}; }
  bool join(const Join&) override {
    if (later) return false;
    ++joins;
    bytes = 0;
    return true;
  }
  Writing write_segment() override {
    if (later) return Writing::later;
    if (bytes == 0) return Writing::nothing;
    ++writes;
    return Writing::began;
  }

  std::vector<Message> sent;
  std::vector<std::uint32_t> calls;
  bool there = true, later = false, joinable = false;
  bool runs = true;
  std::vector<bool> settled;
  std::uint64_t bytes = 0, largest = 0, most = 0;
  int writes = 0, joins = 0;
};

class WorkerTest : public testing::Test {
 protected:
  template <class T>
  T last() {
    EXPECT_FALSE(port.sent.empty());
    if (port.sent.empty()) return {};
    T* const found = std::get_if<T>(&port.sent.back());
    EXPECT_NE(found, nullptr);
    return found == nullptr ? T{} : *found;
  }
  void part(std::uint64_t bytes) {
    port.bytes = bytes;
    worker.on_part({});
  }
  static Segment wrote() {
    Segment segment;
    segment.file = "w.h5";
    segment.units = {make_interval(0, 1)};
    return segment;
  }

  Port port;
  Worker worker{Ready{"node", 1}, port, 1000};
};

TEST_F(WorkerTest, IsReadyForEachStage) {
  worker.on_message(protocol::Setup{{}, 4, 0});
  EXPECT_EQ(last<Ready>().call, 4U);
  port.there = false;
  worker.on_message(protocol::Setup{{}, 5, 0});
  EXPECT_EQ(port.sent.size(), 1U);
  worker.on_message(protocol::Setup{{}, 6, 0});
  worker.on_set_up();
  EXPECT_EQ(port.sent.size(), 2U);
  EXPECT_EQ(last<Ready>().call, 6U);
  EXPECT_EQ(port.calls, (std::vector<std::uint32_t>{4, 5, 6}));
}

TEST_F(WorkerTest, JoinsWhatItHoldsInsteadOfWritingIt) {
  port.joinable = true;
  part(100);
  EXPECT_TRUE(last<Part>().joinable);
  port.later = true;
  worker.on_message(Join{0, 10});
  EXPECT_EQ(port.joins, 0);
  port.bytes = 1'000'000;
  worker.on_tick();
  EXPECT_EQ(port.writes, 0) << "it is to be joined";
  port.later = false;
  worker.on_tick();
  worker.on_tick();
  EXPECT_EQ(port.joins, 1);
  EXPECT_EQ(port.writes, 0);
}

TEST_F(WorkerTest, TakesPartInAJoinWithNothing) {
  worker.on_message(Join{0, 10});
  EXPECT_EQ(port.joins, 1);
}

TEST_F(WorkerTest, WhatMayBeHeldIsThePortsWhereItSays) {
  port.most = 50'000'000;
  part(25'000'000);
  EXPECT_EQ(port.writes, 0);
  EXPECT_FALSE(last<Part>().full);
  part(25'000'001);
  EXPECT_EQ(port.writes, 1);
  part(50'000'001);
  EXPECT_TRUE(last<Part>().full);
}

TEST_F(WorkerTest, AnswersAFlushWhereNothingIsHeld) {
  worker.on_message(Flush{});
  EXPECT_TRUE(last<Segment>().asked);
  EXPECT_TRUE(last<Segment>().units.empty());
  EXPECT_EQ(port.sent.size(), 1U);
  worker.on_tick();
  EXPECT_EQ(port.sent.size(), 1U);
}

TEST_F(WorkerTest, AnswersAFlushWhenTheSegmentIsThere) {
  part(100);
  worker.on_message(Flush{});
  EXPECT_EQ(port.writes, 1);
  EXPECT_EQ(port.sent.size(), 1U);
  port.bytes = 30;
  worker.on_segment(wrote());
  EXPECT_TRUE(last<Segment>().asked);
  EXPECT_EQ(last<Segment>().file, "w.h5");
  EXPECT_EQ(last<Segment>().held_bytes, 30U);
  EXPECT_EQ(port.sent.size(), 2U);
}

TEST_F(WorkerTest, WritesUnaskedWhenItHoldsMuch) {
  part(500);
  EXPECT_EQ(port.writes, 0);
  part(501);
  EXPECT_EQ(port.writes, 1);
  part(800);
  EXPECT_EQ(port.writes, 1) << "one at a time";
  // A question that comes meanwhile is for what came since.
  worker.on_message(Flush{});
  port.bytes = 299;
  worker.on_segment(wrote());
  EXPECT_FALSE(last<Segment>().asked);
  EXPECT_EQ(port.writes, 2);
  port.bytes = 0;
  worker.on_segment(wrote());
  EXPECT_TRUE(last<Segment>().asked);
}

TEST_F(WorkerTest, SaysThatItIsFull) {
  part(1000);
  EXPECT_FALSE(last<Part>().full);
  part(1001);
  EXPECT_TRUE(last<Part>().full);
  EXPECT_EQ(last<Part>().held_bytes, 1001U);
  port.bytes = 0;
  worker.on_segment(wrote());
  EXPECT_FALSE(last<Segment>().full);
}

TEST_F(WorkerTest, KeepsALargeValueThatDoesNotGrow) {
  port.largest = 50'000;
  part(50'000);
  part(100'000);
  EXPECT_EQ(port.writes, 0);
  EXPECT_FALSE(last<Part>().full);
  part(100'001);
  EXPECT_EQ(port.writes, 1);
  part(200'001);
  EXPECT_TRUE(last<Part>().full);
}

TEST_F(WorkerTest, TriesAFailedWriteAgainOnlyWhenAsked) {
  part(600);
  Segment failed;
  failed.failed = "no space";
  worker.on_segment(failed);
  EXPECT_FALSE(last<Segment>().asked);
  EXPECT_EQ(last<Segment>().failed, "no space");
  part(700);
  worker.on_tick();
  EXPECT_EQ(port.writes, 1);
  worker.on_message(Flush{});
  EXPECT_EQ(port.writes, 2);
  worker.on_segment(failed);
  EXPECT_TRUE(last<Segment>().asked);
  worker.on_message(Flush{});
  port.bytes = 0;
  worker.on_segment(wrote());
  part(700);
  EXPECT_EQ(port.writes, 4) << "unasked again";
}

TEST_F(WorkerTest, WaitsWhileUnitsAreBeingAdded) {
  port.bytes = 10;
  port.later = true;
  worker.on_message(Flush{});
  EXPECT_TRUE(port.sent.empty());
  port.later = false;
  worker.on_tick();
  EXPECT_EQ(port.writes, 1);
}

TEST_F(WorkerTest, SaysNothingAfterTheStop) {
  part(600);
  port.sent.clear();
  worker.on_message(Stop{0});
  worker.on_segment(wrote());
  worker.on_part({});
  worker.on_fault({});
  worker.on_tick();
  EXPECT_TRUE(port.sent.empty());
  EXPECT_EQ(port.writes, 1);
}

class WorkerWithCopies : public WorkerTest {
 protected:
  WorkerWithCopies() { retaining.on_message(protocol::Setup{{}, 1, 7}); }
  void copy() { retaining.on_message(Batch{BatchId(9), make_interval(3, 4), 2, {}, true}); }
  Holding taken_over() {
    retaining.on_takeover();
    port.sent.clear();
    retaining.on_message(protocol::Setup{{}, 1, 7});
    return std::get<Holding>(port.sent.at(1));
  }

  Worker retaining{Ready{"node", 1}, port, 1000, 1 << 20};
};

TEST_F(WorkerWithCopies, WhatIsGivenUpIsNotInHandAndItIsBusyUntilItEnds) {
  retaining.on_message(Batch{BatchId(8), make_interval(3, 4), 1, {}});
  retaining.on_message(GiveUp{BatchId(8), make_interval(3, 4)});
  EXPECT_TRUE(last<GivenUp>().busy);
  EXPECT_TRUE(retaining.busy());
  const Holding holding = taken_over();
  EXPECT_TRUE(holding.busy);
  EXPECT_TRUE(holding.batches.empty());
  retaining.on_ended(BatchId(8), false);
  EXPECT_EQ(last<Ended>().batch, BatchId(8));
  EXPECT_FALSE(retaining.busy());
}

TEST_F(WorkerWithCopies, ACopyIsInHandOnceItIsKept) {
  copy();
  retaining.on_message(Settle{BatchId(8), true});
  EXPECT_TRUE(port.settled.empty()) << "of another batch";
  retaining.on_ended(BatchId(9), true);
  EXPECT_TRUE(last<Ended>().done);
  retaining.on_message(Settle{BatchId(9), true});
  EXPECT_EQ(port.settled, std::vector<bool>{true});
  const Holding holding = taken_over();
  ASSERT_EQ(holding.batches.size(), 1U);
  EXPECT_EQ(holding.batches[0].id, BatchId(9));
  EXPECT_EQ(holding.batches[0].attempt, 2U);
  EXPECT_FALSE(holding.busy);
}

TEST_F(WorkerWithCopies, ACopyIsDroppedAtATakeover) {
  copy();
  const Holding holding = taken_over();
  EXPECT_EQ(port.settled, std::vector<bool>{false});
  EXPECT_TRUE(holding.batches.empty());
  EXPECT_TRUE(holding.busy);
  retaining.on_ended(BatchId(9), false);
  EXPECT_FALSE(retaining.busy());
  EXPECT_FALSE(last<Ended>().done);
}

TEST_F(WorkerWithCopies, BetweenCoordinatorsNobodyIsTold) {
  copy();
  retaining.on_takeover();
  port.sent.clear();
  retaining.on_ended(BatchId(9), false);
  EXPECT_TRUE(port.sent.empty());
  retaining.on_message(protocol::Setup{{}, 1, 7});
  EXPECT_FALSE(std::get<Holding>(port.sent.at(1)).busy);
}

TEST_F(WorkerWithCopies, ACopyThatFailedIsGone) {
  copy();
  retaining.on_ended(BatchId(9), false);
  EXPECT_FALSE(last<Ended>().done);
  retaining.on_message(Settle{BatchId(9), true});
  EXPECT_TRUE(port.settled.empty());
  EXPECT_TRUE(taken_over().batches.empty());
}

}  // namespace
}  // namespace kiln::protocol
