#include "job/slurm_job.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::job {
namespace {

TEST(SlurmJob, AsSqueueWritesIt) {
  const auto runs = parse_job("RUNNING|None|1:02:03|2026-11-22T10:00:00\n");
  ASSERT_TRUE(runs);
  EXPECT_EQ(runs->state, "RUNNING");
  EXPECT_EQ(runs->reason, "");
  EXPECT_EQ(runs->left, "1:02:03");
  EXPECT_EQ(runs->end, "2026-11-22T10:00:00");
  const auto waits = parse_job("PENDING|BeginTime|2:00:00|N/A");
  ASSERT_TRUE(waits);
  EXPECT_EQ(waits->reason, "BeginTime");
  EXPECT_EQ(waits->end, "");
  for (const char* text : {"", "\n", "slurm_load_jobs error: Invalid job id specified", "|||", "a|b|c|d|e"}) {
    EXPECT_FALSE(parse_job(text)) << text;
  }
}

TEST(SlurmJob, AsksForOneJob) {
  std::vector<std::string> asked;
  const Ask ask = [&](const std::vector<std::string>& words) {
    asked = words;
    return Answer{true, "RUNNING|None|1:00|N/A\n"};
  };
  EXPECT_TRUE(ask_job("/b/squeue", "4711", ask));
  EXPECT_THAT(asked, testing::ElementsAre("/b/squeue", "--noheader", "--jobs=4711", "--format=%T|%r|%L|%e"));
  EXPECT_FALSE(ask_job("/b/squeue", "4711", [](const auto&) { return Answer{false, "RUNNING|None|1:00|N/A\n"}; }));
  asked.clear();
  for (const char* id : {"", "--me", "x"}) EXPECT_FALSE(ask_job("/b/squeue", id, ask));
  EXPECT_FALSE(ask_job("", "4711", ask));
  EXPECT_TRUE(asked.empty());
}

}  // namespace
}  // namespace kiln::job
