#include "job/rank_collectives.hpp"

#include <gtest/gtest.h>

#include <kiln/error.hpp>
#include <string_view>

namespace kiln::job {
namespace {

Bytes bytes_of(std::string_view text) { return {as_bytes(text).begin(), as_bytes(text).end()}; }

/// One broadcast at a time, done when `arrived` is set.
class FakeCollectives final : public net::Collectives {
 public:
  std::int32_t size() const override { return 2; }
  void begin_barrier() override { FAIL(); }
  void begin_gather(Bytes) override {
    ++begun;
    waits_ = true;
  }
  void begin_sum(std::uint64_t, Give, Take) override { FAIL(); }
  void begin_spread(std::uint64_t, Give, Take) override { FAIL(); }
  void begin_broadcast(Bytes) override {
    EXPECT_TRUE(poll()) << "one at a time";
    ++begun;
    arrived.reset();
    waits_ = true;
  }
  bool poll() override { return !waits_ || arrived; }
  std::vector<Bytes> gathered() override { return {}; }
  Bytes received() override {
    waits_ = false;
    return std::move(*arrived);
  }

  void abandon() override {
    abandoned = true;
    waits_ = false;
  }

  int begun = 0;
  bool abandoned = false;
  std::optional<Bytes> arrived;

 private:
  bool waits_ = false;
};

protocol::Announce announce(std::uint32_t call, const Bytes& content) {
  return {call, 7, content.size(), checksum(content)};
}

TEST(RankCollectives, ComeOneAfterTheOtherAsAnnounced) {
  FakeCollectives collectives;
  RankCollectives broadcasts(collectives);
  EXPECT_FALSE(broadcasts.poll());
  EXPECT_EQ(collectives.begun, 0);
  broadcasts.announce(announce(3, bytes_of("first")));
  broadcasts.announce(announce(4, bytes_of("second")));
  EXPECT_TRUE(broadcasts.under_way());
  EXPECT_FALSE(broadcasts.poll());
  EXPECT_FALSE(broadcasts.poll());
  EXPECT_EQ(collectives.begun, 1);

  collectives.arrived = bytes_of("first");
  const auto first = broadcasts.poll();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->answer.call, 3U);
  EXPECT_EQ(first->answer.plan, 7U);
  EXPECT_EQ(first->answer.content, bytes_of("first"));
  EXPECT_FALSE(broadcasts.poll());
  EXPECT_EQ(collectives.begun, 2);
  collectives.arrived = bytes_of("second");
  EXPECT_EQ(broadcasts.poll()->answer.call, 4U);
  EXPECT_FALSE(broadcasts.under_way());
}

TEST(RankCollectives, WhatIsNotAsAnnouncedIsAFault) {
  for (const std::string_view other : {"fjrst", "firs"}) {
    FakeCollectives collectives;
    RankCollectives broadcasts(collectives);
    broadcasts.announce(announce(3, bytes_of("first")));
    EXPECT_FALSE(broadcasts.poll());
    collectives.arrived = bytes_of(other);
    EXPECT_THROW(broadcasts.poll(), Error);
  }
}

exec::HeldResults of_units(std::uint64_t first, std::uint64_t last) {
  exec::HeldResults results;
  results.units.insert(make_interval(first, last));
  return results;
}

TEST(RankCollectives, GiveBackWhatTheJoinHasNotTakenWhenARankDies) {
  for (const bool begun : {false, true}) {
    FakeCollectives collectives;
    RankCollectives all(collectives);
    if (!begun) all.announce(announce(2, bytes_of("never comes")));
    all.join({3, 10}, of_units(4, 7));
    EXPECT_FALSE(all.poll());
    const exec::HeldResults given = all.abandon();
    EXPECT_EQ(given.units.count(), 3U);
    EXPECT_TRUE(collectives.abandoned);
    EXPECT_FALSE(all.under_way());
    EXPECT_FALSE(all.poll());
    EXPECT_TRUE(all.abandon().units.empty()) << "a second death";
  }
}

TEST(RankCollectives, GiveNothingBackThatTheCoordinatorHas) {
  FakeCollectives collectives;
  RankCollectives all(collectives);
  all.join({3, 10}, of_units(4, 7));
  EXPECT_FALSE(all.poll());
  all.set_taken();
  EXPECT_TRUE(all.under_way()) << "the sums may still come back";
  EXPECT_TRUE(all.abandon().units.empty());
}

}  // namespace
}  // namespace kiln::job
