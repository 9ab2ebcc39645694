#include "job/launch_outcome.hpp"

#include "job/launch_word.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>

namespace kiln::job {
namespace {

using testing::HasSubstr;

int exited(int code) { return code << 8; }  // as a wait status

LaunchOutcome begun() {
  LaunchOutcome outcome;
  outcome.began = true;
  outcome.settled = 12345;
  outcome.units = 20000;
  return outcome;
}

TEST(LaunchOutcome, TheJournalCountsMoreThanAnythingSaid) {
  LaunchOutcome outcome = begun();
  outcome.exit_code = 0;
  EXPECT_EQ(exit_code_of(SIGKILL, 70, outcome), 0);
  outcome.exit_code = 1;
  EXPECT_EQ(exit_code_of(exited(0), std::nullopt, outcome), 1);
}

TEST(LaunchOutcome, WhatARankSaidEndsTheRun) {
  EXPECT_EQ(exit_code_of(exited(0), 4, LaunchOutcome()), 4);
  EXPECT_EQ(exit_code_of(exited(0), 75, begun()), 75);
}

TEST(LaunchOutcome, RanksThatAreAllHeldUpAreAReasonToStartAgain) {
  LaunchOutcome outcome = begun();
  outcome.held_up = true;
  EXPECT_EQ(exit_code_of(exited(0), 75, outcome), std::nullopt);
  EXPECT_THAT(describe_end(exited(0), outcome), HasSubstr("was told to leave and could not; 12,345 of 20,000 units"));
}

TEST(LaunchOutcome, RanksThatMpirunEndedByItselfAreAReasonToStartAgain) {
  LaunchOutcome outcome = begun();
  outcome.cut_off = true;
  EXPECT_EQ(exit_code_of(exited(1), 75, outcome), std::nullopt);
  EXPECT_THAT(describe_end(exited(1), outcome), HasSubstr("nobody had told kiln to stop; 12,345 of 20,000 units"));
}

TEST(LaunchOutcome, WithoutRecoveryMpirunPassesTheCodeOn) {
  for (const int code : {2, 3, 4, 70}) EXPECT_EQ(exit_code_of(exited(code), std::nullopt, LaunchOutcome()), code);
}

TEST(LaunchOutcome, AnMpirunThatCannotStartTheRanksIsNotStartedAgain) {
  EXPECT_EQ(exit_code_of(exited(1), std::nullopt, LaunchOutcome()), 75);
  EXPECT_EQ(exit_code_of(exited(1), std::nullopt, begun()), std::nullopt);
  // The ranks have left, as rank 0 had died: Open MPI 5 ends with their exit code.
  EXPECT_EQ(exit_code_of(exited(75), std::nullopt, LaunchOutcome()), std::nullopt);
}

TEST(LaunchOutcome, RanksThatAreGoneAreAReasonToStartAgain) {
  for (const int status : {exited(0), exited(137), exited(205), SIGKILL, SIGTERM}) {
    EXPECT_EQ(exit_code_of(status, std::nullopt, LaunchOutcome()), std::nullopt) << status;
    EXPECT_EQ(exit_code_of(status, std::nullopt, begun()), std::nullopt) << status;
  }
}

TEST(LaunchOutcome, IsDescribedWithWhatIsKept) {
  EXPECT_EQ(describe_end(exited(0), begun()),
            "the ranks ended before the run did; 12,345 of 20,000 units are committed");
  EXPECT_THAT(describe_end(SIGKILL, begun()), HasSubstr("mpirun was ended by SIGKILL before the run ended; 12,345 of"));
  EXPECT_EQ(describe_end(exited(0), LaunchOutcome()), "the ranks ended before the run did, and before it began");
  EXPECT_EQ(describe_end(SIGTERM, begun(), {}, std::chrono::seconds(120)),
            "the ranks have given no sign of life for 2m 00s, and were killed; 12,345 of 20,000 units are committed");
  LaunchOutcome outcome = begun();
  outcome.stages = 3;
  EXPECT_THAT(describe_end(exited(0), outcome), HasSubstr("12,345 of 20,000 units of 3 stages are committed"));
}

TEST(LaunchOutcome, NoRunDirectoryIsNoOutcome) {
  const LaunchOutcome outcome = read_outcome("no/such/directory.kiln", "x");
  EXPECT_FALSE(outcome.began || outcome.exit_code);
  EXPECT_EQ(outcome.units, 0U);
}

TEST(LaunchWord, IsFoundBehindWhatOthersLeftOpen) {
  const auto word = launch_word_in("half a linekiln-launch a1-2 ends with 4", "a1-2");
  ASSERT_TRUE(word.has_value());
  EXPECT_EQ(word->exit_code, 4);
  EXPECT_EQ(word->before, "half a line");
  EXPECT_EQ(word->what, Says::run_ends);
  const auto of_a_rank = launch_word_in("kiln-launch a1-2 a rank ends with 70", "a1-2");
  ASSERT_TRUE(of_a_rank.has_value());
  EXPECT_EQ(of_a_rank->exit_code, 70);
  const auto lost = launch_word_in(launch_word("a1-2", 0, Says::rank_lost), "a1-2");
  ASSERT_TRUE(lost.has_value());
  EXPECT_EQ(lost->what, Says::rank_lost);
  const auto up = launch_word_in("kiln-launch a1-2 is up: 0", "a1-2");
  ASSERT_TRUE(up.has_value());
  EXPECT_EQ(up->what, Says::up);
  EXPECT_EQ(of_a_rank->what, Says::rank_ends);
}

TEST(LaunchWord, OfOtherLaunchesAndTornOnesAreNone) {
  for (const char* line :
       {"kiln-launch a1-3 ends with 4", "kiln-launch a1-2 ends with ", "kiln-launch a1-2 ends with 256",
        "kiln-launch a1-2 ends with 4x", "kiln-launch a1-2", "", "kiln: 3 of 5 units"}) {
    EXPECT_FALSE(launch_word_in(line, "a1-2").has_value()) << line;
  }
  EXPECT_FALSE(launch_word_in("kiln-launch  ends with 4", "").has_value());
}

}  // namespace
}  // namespace kiln::job
