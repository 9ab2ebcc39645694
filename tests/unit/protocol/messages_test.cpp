#include "protocol/messages.hpp"

#include <gtest/gtest.h>

#include <random>

namespace kiln::protocol {
namespace {

const Stamp kStamp{Epoch(3), View(1)};

Bytes bytes_of(std::string_view text) { return {as_bytes(text).begin(), as_bytes(text).end()}; }

Holding some_holding() {
  return Holding{
      2,
      {{BatchId(7), 2, {make_interval(12, 13)}}, {BatchId(9), 1, {make_interval(20, 24), make_interval(30, 31)}}},
      {make_interval(0, 5)},
      100,
      true,
      true,
      0.5,
      3,
      true};
}

std::vector<Message> one_of_each() {
  Part part;
  part.batch = BatchId(7);
  part.done = {make_interval(10, 12), make_interval(13, 20)};
  part.failures = {{UnitId(12), FailureKind::failed, "exit code 3", bytes_of("row")},
                   {UnitId(20), FailureKind::cancelled, "", {}}};
  part.rows = bytes_of(std::string("some\0rows", 9));
  part.partials = bytes_of("nodes");
  part.held_bytes = 12;
  part.full = true;
  part.joinable = true;
  part.start = 1.5e9;
  part.busy_seconds = 0.25;
  part.last = true;
  part.attempt = 2;
  part.number = 9;
  part.records = 4711;
  return {Setup{bytes_of("setup"), 2, 5},
          Batch{BatchId(7), make_interval(10, 21), 2, bytes_of("payloads"), true},
          TakeBack{TakeBack::Share::all},
          Cancel{},
          SignalUnits{},
          Stop{75, false},
          Ready{"node7", 4711, 2},
          part,
          GivenBack{{{BatchId(7), make_interval(15, 20), false}, {BatchId(8), make_interval(0, 0), true}}},
          Interrupted{true},
          Flush{},
          Segment{"w-1-r0003-000007.h5",
                  4096,
                  77,
                  {make_interval(0, 9), make_interval(12, 13)},
                  "",
                  5,
                  false,
                  true,
                  true,
                  3,
                  10},
          Answer{3, 99, bytes_of("value")},
          Fault{3, "rank 2: no"},
          Announce{4, 98, 1U << 20, 12345},
          Join{4, 8U << 20},
          Remark{"unit 7 gave something else"},
          Beat{"node7", "boot/pid:[1]", 4711, 99},
          JoinOver{true},
          Committed{77},
          some_holding(),
          Living{{{Rank(0), Rank(3)}, {Rank(4), Rank(9)}}},
          Candidate{},
          Passed{6},
          GiveUp{BatchId(7), make_interval(10, 12)},
          GivenUp{{{BatchId(7), make_interval(10, 12), true}}, true},
          Settle{BatchId(8), true},
          Ended{BatchId(8), true},
          Group{4097, {{{Rank(1), Rank(3)}}}},
          MakeGroup{4097},
          Grouped{4097, Grouped::Step::failed}};
}

TEST(Messages, EveryKindComesBackAsItWas) {
  for (const Message& message : one_of_each()) {
    const Bytes sent = encode(message, kStamp);
    const Decoded got = decode(sent, kStamp);
    ASSERT_TRUE(got.message) << message.index() << ": " << got.why_dropped;
    EXPECT_EQ(got.message->index(), message.index());
    EXPECT_EQ(encode(*got.message, kStamp), sent) << message.index();
  }
}

TEST(Messages, WrittenOverOldBytesTheyAreTheSame) {
  for (const Message& message : one_of_each()) {
    EXPECT_EQ(encode(message, kStamp, Bytes(300, std::byte{'x'})), encode(message, kStamp)) << message.index();
  }
}

TEST(Messages, GiveTheirBytesBackUnlessTheyLookIntoThem) {
  for (const Message& message : one_of_each()) {
    const Bytes sent = encode(message, kStamp);
    const bool looks_into = std::holds_alternative<Batch>(message);
    EXPECT_EQ(decode(sent, kStamp).spare.size(), looks_into ? 0 : sent.size()) << message.index();
  }
}

TEST(Messages, PayloadsWrittenIntoTheMessageAreTheSameBytes) {
  const Batch batch{BatchId(7), make_interval(10, 21), 2, bytes_of("payloads")};
  const Bytes direct = encode_batch(
      Batch{batch.id, batch.units, batch.attempt, {}}, 3, [](ByteWriter& out) { out.put_raw("payloads", 8); }, kStamp);
  EXPECT_EQ(direct, encode(batch, kStamp));
}

TEST(Messages, PartKeepsItsContent) {
  const Decoded got = decode(encode(one_of_each()[7], kStamp), kStamp);
  const Part& part = std::get<Part>(*got.message);
  EXPECT_EQ(part.batch, BatchId(7));
  EXPECT_EQ(part.done, (std::vector{make_interval(10, 12), make_interval(13, 20)}));
  ASSERT_EQ(part.failures.size(), 2U);
  EXPECT_EQ(part.failures[0].reason, "exit code 3");
  EXPECT_EQ(part.failures[1].kind, FailureKind::cancelled);
  EXPECT_EQ(as_text(part.rows), std::string_view("some\0rows", 9));
  EXPECT_TRUE(part.last);
}

TEST(Messages, AnotherEpochOrViewIsDropped) {
  const Bytes sent = encode(Cancel{}, kStamp);
  EXPECT_EQ(decode(sent, {Epoch(4), View(1)}).why_dropped, "another epoch");
  EXPECT_EQ(decode(sent, {Epoch(3), View(2)}).why_dropped, "another view");
  EXPECT_EQ(stamp_of(sent)->epoch, Epoch(3));
}

TEST(Messages, TruncationAndBitFlipsAreAlwaysDropped) {
  std::mt19937_64 random(1);
  for (const Message& message : one_of_each()) {
    const Bytes sent = encode(message, kStamp);
    for (std::size_t length = 0; length < sent.size(); ++length) {
      EXPECT_FALSE(decode(Bytes(sent.begin(), sent.begin() + static_cast<std::ptrdiff_t>(length)), kStamp).message)
          << message.index() << " at " << length;
    }
    for (std::size_t bit = 0; bit < sent.size() * 8; ++bit) {
      Bytes broken = sent;
      broken[bit / 8] ^= std::byte{1} << (bit % 8);
      EXPECT_FALSE(decode(broken, kStamp).message) << message.index() << " bit " << bit;
    }
  }
}

// Bytes that carry right checksums over nonsense (another version's, say) must not crash or allocate without bound.
TEST(Messages, NonsenseBodiesWithRightChecksumsAreDropped) {
  std::mt19937_64 random(2);
  for (const Message& message : one_of_each()) {
    const Bytes sent = encode(message, kStamp);
    for (int round = 0; round < 2000; ++round) {
      Bytes broken = sent;
      for (std::size_t i = 40; i < broken.size(); ++i) {
        if (random() % 4 == 0) broken[i] = static_cast<std::byte>(random());
      }
      const std::uint64_t sum = checksum(ByteView(broken).subspan(40));
      std::memcpy(broken.data() + 24, &sum, sizeof sum);
      const std::uint64_t head = checksum(ByteView(broken).first(32));
      std::memcpy(broken.data() + 32, &head, sizeof head);
      decode(broken, kStamp);  // must return
    }
  }
}

}  // namespace
}  // namespace kiln::protocol
