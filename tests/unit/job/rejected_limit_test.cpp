#include "job/rejected_limit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::job {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(RejectedLimit, StopsAboveIt) {
  const auto most = [](std::uint64_t count) { return Allowance{count, {}}; };
  EXPECT_FALSE(too_many_rejected({1000, 1000, true}, std::nullopt));
  EXPECT_FALSE(too_many_rejected({0}, most(0)));
  EXPECT_TRUE(too_many_rejected({1}, most(0)));
  EXPECT_FALSE(too_many_rejected({5}, most(5)));
  EXPECT_TRUE(too_many_rejected({6}, most(5)));
  EXPECT_EQ(too_many_text("read", {1}, most(0)),
            "stage 'read': 1 record was rejected, and --max-rejected allows 0: the run stops; what is done is kept");
}

TEST(RejectedLimit, AShareIsJudgedAtTheEndOrWhenManyAreRead) {
  const Allowance most{{}, 2.5};
  EXPECT_FALSE(too_many_rejected({10, 10, false}, most));
  EXPECT_TRUE(too_many_rejected({10, 10, true}, most));
  EXPECT_FALSE(too_many_rejected({25, 1000, true}, most));
  EXPECT_TRUE(too_many_rejected({26, 1000, true}, most));
  EXPECT_FALSE(too_many_rejected({50'000, kFewestRecords - 1, false}, most));
  EXPECT_FALSE(too_many_rejected({2500, kFewestRecords, false}, most));
  EXPECT_TRUE(too_many_rejected({2501, kFewestRecords, false}, most));
  EXPECT_FALSE(too_many_rejected({3, 0, true}, most)) << "it reads no files";
  EXPECT_FALSE(too_many_rejected({0, 7, true}, Allowance{{}, 0}));
  EXPECT_TRUE(too_many_rejected({1, 7, true}, Allowance{{}, 0}));
  EXPECT_EQ(too_many_text("read", {26, 1000, true}, most),
            "stage 'read': 26 of 1,000 records were rejected, and --max-rejected allows 2.5%: the run stops; what is "
            "done is kept");
}

TEST(RejectedLimit, NamesTheWorstFileAndThreeExamples) {
  RejectedTally tally;
  EXPECT_THAT(tally.lines(), IsEmpty());
  tally.add({UnitId(0), "a", 5, "x", "bad", 2});
  for (int i = 0; i < 5; ++i) tally.add({UnitId(1), "b", 7, "y", "worse", -1});
  tally.add({UnitId(2), "c", 5, "x", "bad", 2});
  EXPECT_THAT(tally.lines(), ElementsAre("most of them are in b: 5", "  a:2: bad: x", "  b, byte 7: worse: y",
                                         "  b, byte 7: worse: y"));
}

TEST(RejectedLimit, ARowMayStandForMany) {
  RejectedTally tally;
  for (int i = 0; i < 5; ++i) tally.add({UnitId(1), "b", 7, "y", "worse", -1});
  tally.add({UnitId(2), "c", 5, "", "from here on", 2, 6});
  EXPECT_EQ(tally.lines().front(), "most of them are in c: 6");
}

TEST(RejectedLimit, WithoutFilesItNamesUnits) {
  RejectedTally tally;
  tally.add({UnitId(3), "", 0, "", "bad", -1});
  EXPECT_THAT(tally.lines(), ElementsAre("  unit 3: bad: "));
}

}  // namespace
}  // namespace kiln::job
