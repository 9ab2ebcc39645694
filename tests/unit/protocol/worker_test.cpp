#include "protocol/worker.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace kiln::protocol {
namespace {

class Port final : public WorkerPort {
 public:
  void send(Message message) override { sent.push_back(std::move(message)); }
  bool set_up(const Setup& setup) override {
    calls.push_back(setup.call);
    return there;
  }
  void submit(Batch) override {}
  std::vector<GivenBack::Piece> take_back(TakeBack::Share) override { return {}; }
  void cancel() override {}
  void signal_units() override {}
  void leave(int) override {}
  void answer(Answer) override {}
  Held held() override { return {bytes, largest, joinable}; }
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
  std::uint64_t bytes = 0, largest = 0;
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

}  // namespace
}  // namespace kiln::protocol
