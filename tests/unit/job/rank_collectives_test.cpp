#include "job/rank_collectives.hpp"

#include <gtest/gtest.h>

#include <kiln/error.hpp>
#include <string_view>
#include <utility>
#include <vector>

namespace kiln::job {
namespace {

Bytes bytes_of(std::string_view text) { return {as_bytes(text).begin(), as_bytes(text).end()}; }

/// One broadcast at a time, done when `arrived` is set.
class FakeCollectives final : public net::Collectives {
 public:
  const std::vector<Rank>& members() const override { return members_; }
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

  void begin_group(const std::vector<Rank>& members, Rank root, std::uint64_t number) override {
    abandon();
    members_ = members;
    root_of_group = root;
    group = number;
    made.reset();
  }
  std::optional<bool> group_made() override { return made; }

  int begun = 0;
  std::uint64_t group = 0;  // the last that was begun
  Rank root_of_group;
  std::optional<bool> made;
  bool abandoned = false;
  std::optional<Bytes> arrived;

 private:
  bool waits_ = false;
  std::vector<Rank> members_{Rank(0), Rank(1)};
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

using Step = protocol::Grouped::Step;

protocol::Group group_of(std::uint64_t number) { return {number, {{{Rank(1), Rank(3)}, {Rank(4), Rank(5)}}}}; }

// What was said of groups since it was last asked.
std::vector<std::pair<std::uint64_t, Step>> said(RankCollectives& all) {
  EXPECT_FALSE(all.poll());
  std::vector<std::pair<std::uint64_t, Step>> steps;
  for (const protocol::Grouped& one : all.take_grouped()) steps.emplace_back(one.number, one.step);
  return steps;
}
using Said = std::vector<std::pair<std::uint64_t, Step>>;

TEST(RankCollectives, AGroupIsHeardOfThenMade) {
  for (const bool good : {true, false}) {
    FakeCollectives collectives;
    RankCollectives all(collectives);
    all.group(group_of(7), Rank(2));
    EXPECT_EQ(said(all), (Said{{7, Step::heard}}));
    EXPECT_EQ(said(all), Said{});
    EXPECT_EQ(collectives.group, 0U) << "before all have heard";
    all.make_group(7);
    EXPECT_EQ(collectives.group, 7U);
    EXPECT_EQ(collectives.members(), (std::vector{Rank(1), Rank(2), Rank(4)}));
    EXPECT_EQ(collectives.root_of_group, Rank(2));
    EXPECT_EQ(said(all), Said{});
    EXPECT_FALSE(all.under_way()) << "it may never end, and nobody has to look all the time";
    collectives.made = good;
    EXPECT_EQ(said(all), (Said{{7, good ? Step::made : Step::failed}}));
    EXPECT_EQ(said(all), Said{});
    all.announce(announce(9, bytes_of("behind it")));
    EXPECT_FALSE(all.poll());
    EXPECT_EQ(collectives.begun, 1);
  }
}

TEST(RankCollectives, AGroupWaitsForWhatIsUnderWay) {
  FakeCollectives collectives;
  RankCollectives all(collectives);
  all.announce(announce(3, bytes_of("first")));
  EXPECT_FALSE(all.poll());
  all.group(group_of(7), Rank(2));
  EXPECT_EQ(said(all), Said{});
  all.make_group(7);
  EXPECT_EQ(collectives.group, 0U) << "nobody may ask for it yet";
  collectives.arrived = bytes_of("first");
  EXPECT_TRUE(all.poll());
  EXPECT_EQ(said(all), (Said{{7, Step::heard}}));
}

TEST(RankCollectives, AnotherGroupTakesThePlaceOfOneThatIsStuck) {
  FakeCollectives collectives;
  RankCollectives all(collectives);
  all.group(group_of(7), Rank(2));
  EXPECT_EQ(said(all), (Said{{7, Step::heard}}));
  all.make_group(7);
  EXPECT_EQ(said(all), Said{});
  all.group(group_of(8), Rank(2));
  EXPECT_EQ(said(all), (Said{{8, Step::heard}}));
  all.make_group(7);  // late
  EXPECT_EQ(collectives.group, 7U);
  all.make_group(8);
  EXPECT_EQ(collectives.group, 8U);
  collectives.made = true;
  EXPECT_EQ(said(all), (Said{{8, Step::made}}));
}

TEST(RankCollectives, AGroupIsForgottenWhenARankDies) {
  FakeCollectives collectives;
  RankCollectives all(collectives);
  all.group(group_of(7), Rank(2));
  EXPECT_EQ(said(all), (Said{{7, Step::heard}}));
  EXPECT_TRUE(all.abandon().units.empty());
  all.make_group(7);
  EXPECT_EQ(collectives.group, 0U);
  EXPECT_EQ(said(all), Said{});
}

}  // namespace
}  // namespace kiln::job
