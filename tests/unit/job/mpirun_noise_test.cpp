#include "job/mpirun_noise.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::job {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::string kRule(74, '-');

std::vector<std::string> shown(const std::vector<std::string>& lines) {
  MpirunNoise noise;
  std::vector<std::string> all;
  for (const std::string& text : lines) {
    for (std::string& line : noise.line(text)) all.push_back(std::move(line));
  }
  for (std::string& line : noise.end()) all.push_back(std::move(line));
  return all;
}

TEST(MpirunNoise, WhatKilnSaysPasses) {
  EXPECT_THAT(shown({"kiln: 3 of 5 units", "", "-- a comment", "-----"}),
              ElementsAre("kiln: 3 of 5 units", "", "-- a comment", "-----"));
}

TEST(MpirunNoise, BannersThatRepeatWhatKilnSaysAreDropped) {
  EXPECT_THAT(shown({"before", kRule, "Primary job  terminated normally, but 1 process returned",
                     "a non-zero exit code. Per user-direction, the job has been aborted.", kRule, kRule,
                     "mpirun detected that one or more processes exited with non-zero status", kRule, "after"}),
              ElementsAre("before", "after"));
}

TEST(MpirunNoise, OtherBannersPassWithoutTheirRules) {
  EXPECT_THAT(shown({kRule, "There are not enough slots available in the system", "to satisfy the 99 slots", kRule}),
              ElementsAre("There are not enough slots available in the system", "to satisfy the 99 slots"));
}

TEST(MpirunNoise, TheDeathOfARankIsOneLine) {
  EXPECT_THAT(
      shown({kRule, "mpirun noticed that process rank 2 with PID 0 on node n1 exited on signal 9 (Killed).", kRule}),
      ElementsAre("kiln: process rank 2 with PID 0 on node n1 exited on signal 9 (Killed)"));
  EXPECT_THAT(shown({kRule, "something exited on signal 9.", kRule}),
              ElementsAre("kiln: something exited on signal 9"));
}

TEST(MpirunNoise, TalkOfSignalsIsDropped) {
  EXPECT_THAT(shown({"mpirun: Forwarding signal 10 to job", "kept"}), ElementsAre("kept"));
}

TEST(MpirunNoise, ABannerThatIsCutOffIsStillJudged) {
  EXPECT_THAT(shown({kRule, "MPI_ABORT was invoked on rank 1"}), IsEmpty());
  EXPECT_THAT(shown({kRule, "no such thing"}), ElementsAre("no such thing"));
  EXPECT_THAT(shown({kRule}), IsEmpty());
}

TEST(MpirunNoise, LinesBehindALoneRuleAreNotHeldBackForEver) {
  MpirunNoise noise;
  noise.line(kRule);
  std::size_t held = 0;
  while (held < 100 && noise.line("text").empty()) ++held;
  EXPECT_LT(held, 50U);
  EXPECT_THAT(noise.line("at once"), ElementsAre("at once"));
}

}  // namespace
}  // namespace kiln::job
