#include "protocol/worker.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace kiln::protocol {
namespace {

class Port final : public WorkerPort {
 public:
  void send(const Message& message) override { sent.push_back(message); }
  bool set_up(const Setup&) override {
    ++set_ups;
    return there;
  }
  void submit(Batch) override {}
  std::vector<GivenBack::Piece> take_back(TakeBack::Share) override { return given; }
  void cancel() override {}
  void signal_units() override {}
  void leave(int) override {}
  void answer(Answer) override {}
  bool join(const Join&) override { return true; }
  bool leave_join(bool keep) override {
    left_joins.push_back(keep);
    return keep && !overwritten;
  }
  bool is_at_setup() override { return at_setup; }
  Writing write_segment() override { return Writing::began; }
  Held held() override { return holds; }
  void forget_all() override { ++forgotten; }

  std::vector<Message> sent;
  std::vector<GivenBack::Piece> given;
  std::vector<bool> left_joins;
  Held holds;
  bool there = true, overwritten = false, at_setup = true;
  int set_ups = 0, forgotten = 0;
};

/// The coordinator dies and another one takes over.
class WorkerTakeoverTest : public testing::Test {
 protected:
  WorkerTakeoverTest() { worker.on_message(protocol::Setup{{}, 4, 99}); }
  void batch(std::uint64_t id, std::uint64_t first, std::uint64_t last, std::uint32_t attempt = 1) {
    worker.on_message(Batch{BatchId(id), make_interval(first, last), attempt, {}});
  }
  void part(std::uint64_t id, std::uint64_t first, std::uint64_t last, bool held = false) {
    Part part;
    part.batch = BatchId(id);
    part.done = {make_interval(first, last)};
    part.held = held;
    if (!held) part.rows = Bytes(3);
    worker.on_part(part);
  }
  /// What a new coordinator hears.
  std::vector<Message> take_over(std::uint32_t call = 4, std::uint64_t plan = 99) {
    worker.on_takeover();
    port.sent.clear();
    worker.on_message(protocol::Setup{{}, call, plan});
    return port.sent;
  }
  static Segment wrote(std::uint64_t first, std::uint64_t last) {
    Segment segment;
    segment.file = "w.h5";
    segment.units = {make_interval(first, last)};
    return segment;
  }

  Port port;
  Worker worker{Ready{"node", 1}, port, 1000, 100'000};
};

TEST_F(WorkerTakeoverTest, SaysWhatItHasAndSendsAgainWhatIsNotCommitted) {
  batch(1, 0, 10);
  batch(2, 10, 20, 3);
  part(1, 0, 4);
  part(1, 4, 6);
  worker.on_message(Committed{1});
  const auto heard = take_over();
  ASSERT_EQ(heard.size(), 3U);
  EXPECT_EQ(std::get<Ready>(heard[0]).call, 4U);
  const auto& holding = std::get<Holding>(heard[1]);
  EXPECT_EQ(holding.call, 4U);
  EXPECT_EQ(holding.kept, 1U);
  ASSERT_EQ(holding.batches.size(), 2U);
  EXPECT_EQ(holding.batches[0].units, (std::vector{make_interval(6, 10)}));
  EXPECT_EQ(holding.batches[1].attempt, 3U);
  const auto& again = std::get<Part>(heard[2]);
  EXPECT_EQ(again.number, 2U);
  EXPECT_EQ(again.attempt, 1U);
  EXPECT_EQ(again.done, (std::vector{make_interval(4, 6)}));
  EXPECT_EQ(port.set_ups, 1) << "its executor goes on";
}

// What is sent again must not say how much was held when it was sent first: a rank that is taken for full gets nothing.
TEST_F(WorkerTakeoverTest, WhatIsSentAgainSaysWhatIsHeldNow) {
  batch(1, 0, 10);
  port.holds = {200'000, 10, true};
  part(1, 0, 4);
  worker.on_message(Flush{});
  worker.on_segment(wrote(0, 4));
  EXPECT_TRUE(std::get<Part>(port.sent.at(port.sent.size() - 2)).full);
  port.holds = {7, 10, false};
  const auto heard = take_over();
  EXPECT_FALSE(std::get<Holding>(heard.at(1)).full);
  const auto& again = std::get<Part>(heard.at(2));
  EXPECT_FALSE(again.full);
  EXPECT_EQ(again.held_bytes, 7U);
  EXPECT_FALSE(again.joinable);
  const auto& segment = std::get<Segment>(heard.at(3));
  EXPECT_FALSE(segment.full);
  EXPECT_EQ(segment.held_bytes, 7U);
  EXPECT_FALSE(segment.joinable);
}

TEST_F(WorkerTakeoverTest, NothingIsSentTwiceWhileNobodyIsThere) {
  batch(1, 0, 10);
  worker.on_takeover();
  port.sent.clear();
  part(1, 0, 4);
  EXPECT_TRUE(port.sent.empty());
  worker.on_message(protocol::Setup{{}, 4, 99});
  EXPECT_EQ(port.sent.size(), 3U);
  part(1, 4, 10);
  EXPECT_EQ(port.sent.size(), 4U);
}

TEST_F(WorkerTakeoverTest, WhatWasGivenBackIsNotInHand) {
  batch(1, 0, 10);
  port.given = {{BatchId(1), make_interval(5, 10), false}};
  worker.on_message(TakeBack{TakeBack::Share::half});
  const auto heard = take_over();
  EXPECT_EQ(std::get<Holding>(heard.at(1)).batches.at(0).units, (std::vector{make_interval(0, 5)}));
}

TEST_F(WorkerTakeoverTest, ASetupOfAnotherCallOrPlanBeginsAnew) {
  batch(1, 0, 10);
  part(1, 0, 4);
  const auto heard = take_over(5);
  ASSERT_EQ(heard.size(), 2U);
  EXPECT_TRUE(std::get<Holding>(heard[0]).batches.empty());
  EXPECT_EQ(std::get<Holding>(heard[0]).kept, 0U);
  EXPECT_EQ(std::get<Ready>(heard[1]).call, 5U);
  EXPECT_EQ(take_over(5, 1).size(), 2U);
  EXPECT_EQ(port.set_ups, 3);
  EXPECT_EQ(worker.retained_bytes(), 0U);
}

TEST_F(WorkerTakeoverTest, AWorkerWhoseProgramIsBehindSaysAtOnceThatItHasNothing) {
  port.there = false;
  const auto heard = take_over(5);
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<Holding>(heard[0]));
  worker.on_set_up();
  EXPECT_TRUE(std::holds_alternative<Ready>(port.sent.back()));
}

TEST_F(WorkerTakeoverTest, WhatItHoldsIsSaidUntilASegmentIsReported) {
  batch(1, 0, 10);
  part(1, 0, 4, true);
  worker.on_message(Flush{});
  part(1, 4, 6, true);
  auto heard = take_over();
  EXPECT_EQ(std::get<Holding>(heard.at(1)).held, (std::vector{make_interval(0, 6)})) << "what is being written, too";
  EXPECT_EQ(heard.size(), 2U);
  worker.on_segment(wrote(0, 4));
  EXPECT_FALSE(std::get<Segment>(port.sent.back()).asked) << "who asked is dead";
  heard = take_over();
  ASSERT_EQ(heard.size(), 3U);
  EXPECT_EQ(std::get<Holding>(heard[1]).held, (std::vector{make_interval(4, 6)}));
  EXPECT_EQ(std::get<Segment>(heard[2]).units, (std::vector{make_interval(0, 4)}));
}

TEST_F(WorkerTakeoverTest, WhatCouldNotBeWrittenIsHeldStill) {
  batch(1, 0, 10);
  part(1, 0, 4, true);
  worker.on_message(Flush{});
  Segment failed;
  failed.failed = "no space";
  worker.on_segment(failed);
  EXPECT_EQ(std::get<Holding>(take_over().at(1)).held, (std::vector{make_interval(0, 4)}));
}

TEST_F(WorkerTakeoverTest, AJoinIsGivenUpAndWhatWasGivenIsHeldAgain) {
  batch(1, 0, 10);
  part(1, 0, 10, true);
  worker.on_message(Join{4, 1});
  EXPECT_EQ(std::get<Holding>(take_over().at(1)).held, (std::vector{make_interval(0, 10)}));
  EXPECT_EQ(port.left_joins, (std::vector{true}));
  worker.on_message(Join{4, 1});
  worker.on_message(JoinOver{false});
  EXPECT_TRUE(std::get<Holding>(take_over().at(1)).held.empty());
  EXPECT_EQ(port.left_joins, (std::vector{true, false, true}));
}

TEST_F(WorkerTakeoverTest, WhatTheSumWasWrittenOverIsNotHeld) {
  batch(1, 0, 10);
  part(1, 0, 10, true);
  worker.on_message(Join{4, 1});
  port.overwritten = true;
  EXPECT_TRUE(std::get<Holding>(take_over().at(1)).held.empty());
  EXPECT_EQ(port.left_joins, (std::vector{true}));
}

TEST_F(WorkerTakeoverTest, EveryCollectiveIsLeftNotOnlyAJoin) {
  take_over();
  EXPECT_EQ(port.left_joins, (std::vector{true}));
}

TEST_F(WorkerTakeoverTest, AWorkerWhoseProgramHasPassedTheCallHasNothing) {
  batch(1, 0, 10);
  part(1, 0, 4);
  port.at_setup = false;
  port.there = false;
  const auto heard = take_over();
  ASSERT_EQ(heard.size(), 1U) << "and is not ready";
  EXPECT_TRUE(std::get<Holding>(heard[0]).batches.empty());
  EXPECT_EQ(port.forgotten, 1);
}

TEST_F(WorkerTakeoverTest, WhoIsTakenUpAnewHasNothing) {
  batch(1, 0, 10);
  part(1, 0, 4);
  worker.on_takeover();
  worker.on_taken_up();
  port.sent.clear();
  worker.on_message(protocol::Setup{{}, 4, 99});
  ASSERT_EQ(port.sent.size(), 1U);
  EXPECT_TRUE(std::holds_alternative<Ready>(port.sent[0]));
  EXPECT_EQ(port.set_ups, 2);
}

TEST_F(WorkerTakeoverTest, WithoutMembershipNothingIsNumbered) {
  Worker plain{Ready{"node", 1}, port};
  plain.on_message(protocol::Setup{});
  Part one;
  one.done = {make_interval(0, 4)};
  plain.on_part(one);
  EXPECT_EQ(std::get<Part>(port.sent.back()).number, 0U);
  EXPECT_EQ(plain.retained_bytes(), 0U);
}

}  // namespace
}  // namespace kiln::protocol
