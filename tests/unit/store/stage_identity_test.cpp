#include "store/stage_identity.hpp"

#include <gtest/gtest.h>

namespace kiln::store {
namespace {

std::string shown(std::string description) {
  PlanEntry plan;
  plan.description = std::move(description);
  return description_for_people(plan);
}

TEST(StageIdentity, DescriptionsForPeopleDoNotSayWhichRunsWereRead) {
  EXPECT_EQ(shown("flow 1:a sort() in 8 shards\nsort() in 8 shards of 0123456789abcdef"),
            "flow 1:a sort() in 8 shards\nsort() in 8 shards");
  EXPECT_EQ(shown("flow 1:a join\njoin() of 0123456789abcdef of fedcba9876543210"), "flow 1:a join\njoin()");
  EXPECT_EQ(shown("flow 1:a merged\nmerged(x; y)\n3 units: x of 0123456789abcdef\n4 units: y\n"),
            "flow 1:a merged\nmerged(x; y)\n3 units: x\n4 units: y\n");
}

TEST(StageIdentity, OtherDescriptionsAreAsTheyAre) {
  for (const char* const text :
       {"", "flow", "flow 23:walk of 0123456789abcdef", "flow\nlines of 1 files, checksum 0123",
        "flow\nsort() of 0123456789ABCDEF", "flow\n of 0123"}) {
    EXPECT_EQ(shown(text), text);
  }
}

TEST(StageIdentity, WhichRunsAreReadMakesAnotherStage) {
  PlanEntry one, other;
  one.description = "flow\nsort() of 0123456789abcdef";
  other.description = "flow\nsort() of 0123456789abcdee";
  EXPECT_NE(identity_of(one), identity_of(other));
}

}  // namespace
}  // namespace kiln::store
