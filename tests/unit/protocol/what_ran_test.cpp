#include "protocol/coordinator.hpp"

#include "coordinator_fixture.hpp"

namespace kiln::protocol {
namespace {

/// What a rank had in hand when it died, and what of it ran.
class WhatRan : public CoordinatorTest {};

TEST_F(WhatRan, NobodyLooksWhereTheNodeIsLost) {
  begin(8, 3);
  for (const auto& [rank, batch] : take<Batch>()) coordinator->on_dead(Rank(rank), false, now);
  EXPECT_TRUE(port.looks.empty());
}

// The rank's own code has said what it ran: this one counts, and the others have nothing to do with it.
TEST_F(WhatRan, AUnitThatEndsTwoProcessesIsADeadLetterThoughTheyHadMoreInHand) {
  begin(8, 2);
  const auto batches = take<Batch>();
  ASSERT_EQ(batches[0].second.units, make_interval(0, 4));
  ends(batches[0].first, make_interval(2, 3));
  EXPECT_EQ(coordinator->counts().suspects, 1U);
  hear(batches[1].first, part(batches[1].second, false));
  auto given = take<Batch>();
  ASSERT_EQ(given.size(), 1U);
  EXPECT_EQ(given[0].second.units, make_interval(0, 2)) << "the innocent first";
  hear(given[0].first, part(given[0].second, false));
  given = take<Batch>();
  ASSERT_EQ(given[0].second.units, single(UnitId(3)));
  hear(given[0].first, part(given[0].second, false));
  given = take<Batch>();
  ASSERT_EQ(given[0].second.units, single(UnitId(2)));
  ends(given[0].first, make_interval(2, 3));
  EXPECT_EQ(coordinator->counts().failed, 1U);
  EXPECT_EQ(coordinator->counts().done, 7U);
}

TEST_F(WhatRan, OfSeveralThatRanOneAfterTheOtherAllAreSuspects) {
  begin(6, 3);
  const auto batches = take<Batch>();
  ASSERT_EQ(batches[0].second.units, make_interval(0, 4));
  ASSERT_EQ(batches[1].second.units, make_interval(4, 6));
  ends(batches[0].first, make_interval(1, 3));
  EXPECT_EQ(coordinator->counts().suspects, 2U);
  ends(batches[1].first, make_interval(1, 2));
  EXPECT_EQ(coordinator->counts().suspects, 4U) << "what ran is nothing of what it had: nobody is acquitted";
}

}  // namespace
}  // namespace kiln::protocol
