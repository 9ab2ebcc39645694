#include "job/segment_writer.hpp"

#include <gtest/gtest.h>
#include <kiln/error.hpp>

#include <atomic>
#include <chrono>
#include <thread>

namespace kiln::job {
namespace {

class NumberHarvest final : public exec::Harvest {
 public:
  void absorb(exec::Harvest&) override {}
  std::size_t bytes() const override { return 8; }
  void encode(ByteWriter& out) const override { out.put(std::uint64_t{7}); }
};

exec::HeldResults results() {
  exec::HeldResults held;
  held.units.insert(make_interval(3, 9));
  held.rows.emplace_back(4);
  held.harvests.push_back(std::make_unique<NumberHarvest>());
  return held;
}

SegmentWriter::Written wait_for(SegmentWriter& writer) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (std::chrono::steady_clock::now() < until) {
    if (auto written = writer.poll()) return std::move(*written);
    std::this_thread::yield();
  }
  ADD_FAILURE() << "nothing was written";
  return {};
}

TEST(SegmentWriterTest, WritesAllThatIsHeld) {
  protocol::SegmentContent seen;
  std::atomic<int> woken = 0;
  SegmentWriter writer(
      [&seen](const protocol::SegmentContent& content) {
        seen = content;
        protocol::Segment segment;
        segment.file = "w.h5";
        segment.length = 99;
        return segment;
      },
      [&woken] { ++woken; });
  EXPECT_FALSE(writer.poll());
  for (int round = 0; round < 3; ++round) {
    writer.begin(results());
    const auto written = wait_for(writer);
    EXPECT_EQ(written.segment.file, "w.h5");
    EXPECT_EQ(written.segment.length, 99U);
    EXPECT_EQ(written.segment.units, std::vector<Interval>{make_interval(3, 9)});
    EXPECT_TRUE(written.segment.failed.empty());
  }
  EXPECT_EQ(seen.units, std::vector<Interval>{make_interval(3, 9)});
  EXPECT_EQ(seen.rows, (std::vector<Bytes>{Bytes(4)}));
  ASSERT_EQ(seen.partials.size(), 1U);
  EXPECT_EQ(seen.partials[0].size(), 8U);
}

TEST(SegmentWriterTest, GivesBackWhatCouldNotBeWritten) {
  SegmentWriter writer(
      [](const protocol::SegmentContent&) -> protocol::Segment { throw Error(ExitCode::stopped_early, "disk full"); },
      [] {});
  writer.begin(results());
  auto written = wait_for(writer);
  EXPECT_EQ(written.segment.failed, "disk full");
  EXPECT_TRUE(written.segment.units.empty());
  EXPECT_EQ(written.failed.units.count(), 6U);
  EXPECT_EQ(written.failed.rows, (std::vector<Bytes>{Bytes(4)}));
  EXPECT_EQ(written.failed.harvests.size(), 1U);
  writer.begin(std::move(written.failed));
  EXPECT_EQ(wait_for(writer).segment.failed, "disk full");
}

TEST(SegmentWriterTest, TellsOfAFaultOfKilns) {
  SegmentWriter writer(
      [](const protocol::SegmentContent&) -> protocol::Segment { throw Error(ExitCode::internal, "no"); }, [] {});
  writer.begin(results());
  EXPECT_THROW(wait_for(writer), Error);
}

TEST(SegmentWriterTest, EndsWithAWriteUnderWay) {
  std::atomic<bool> began = false;
  {
    SegmentWriter writer(
        [&began](const protocol::SegmentContent&) {
          began = true;
          return protocol::Segment{};
        },
        [] {});
    writer.begin(results());
    while (!began) std::this_thread::yield();
  }
  SegmentWriter idle([](const protocol::SegmentContent&) { return protocol::Segment{}; }, [] {});
}

}  // namespace
}  // namespace kiln::job
