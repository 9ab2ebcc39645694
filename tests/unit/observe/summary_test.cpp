#include "observe/summary.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::observe {
namespace {

using protocol::Outcome;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

RunSummary ended(std::uint64_t units, std::uint64_t done, std::uint64_t failed) {
  RunSummary s;
  s.outcome = failed == 0 ? Outcome::complete : Outcome::units_failed;
  s.units = units;
  s.done = done;
  s.failed = failed;
  s.seconds = 10;
  s.directory = "tasks.kiln";
  s.results_file = "tasks.kiln/results.h5";
  return s;
}

TEST(Summary, AllDone) {
  EXPECT_THAT(summary_lines(ended(2000, 2000, 0)),
              ElementsAre("2,000 units: 2,000 done in 10.0 s (200/s); results: tasks.kiln/results.h5"));
  EXPECT_THAT(summary_lines(ended(1, 1, 0)),
              ElementsAre("1 unit: 1 done in 10.0 s (0.1/s); results: tasks.kiln/results.h5"));
}

TEST(Summary, FailuresWithReasonsAndWhatToDo) {
  RunSummary s = ended(2000, 1990, 10);
  for (std::uint64_t i = 0; i < 10; ++i)
    s.first_failures.push_back({i, "tasks.txt:" + std::to_string(i + 1), "false\n", "exit code 1"});
  EXPECT_THAT(
      summary_lines(s),
      ElementsAre("2,000 units: 1,990 done, 10 failed in 10.0 s (200/s); results: tasks.kiln/results.h5",
                  "  unit 0 (tasks.txt:1): exit code 1: false\\n", "  unit 1 (tasks.txt:2): exit code 1: false\\n",
                  "  unit 2 (tasks.txt:3): exit code 1: false\\n", "  unit 3 (tasks.txt:4): exit code 1: false\\n",
                  "  unit 4 (tasks.txt:5): exit code 1: false\\n", "  and 5 more",
                  "see them: kiln results --failed tasks.kiln; run them again: kiln retry tasks.kiln"));
}

TEST(Summary, WhatToDoStandsBehindALongPath) {
  RunSummary s = ended(10, 9, 1);
  const std::string reason = "exception: /" + std::string(300, 'p') + ".run is missing: `kiln retry` computes it anew";
  s.first_failures.push_back({3, "stage 1 'sums: behind reduce_by_key'", "", reason});
  EXPECT_EQ(summary_lines(s)[1], "  unit 3 (stage 1 'sums: behind reduce_by_key'): " + reason);
}

TEST(Summary, SaysWhatCouldNotBeWritten) {
  RunSummary s = ended(10, 5, 0);
  s.outcome = Outcome::storage;
  EXPECT_THAT(summary_lines(s), Contains(HasSubstr("stopped: the run directory cannot be written; make room")));
  s.storage_failure = "rank 1: cannot write small/t/x.run: No space left on device; make room";
  EXPECT_THAT(summary_lines(s),
              Contains("stopped: rank 1: cannot write small/t/x.run: No space left on device; make room"));
}

TEST(Summary, RejectedRecordsAndHowToSeeThem) {
  RunSummary s = ended(260, 260, 0);
  s.rejected = 1563;
  EXPECT_EQ(summary_lines(s).back(), "1,563 records were rejected; see them: kiln results --table rejected tasks.kiln");
  s.rejected = 1;
  EXPECT_EQ(summary_lines(s).back(), "1 record was rejected; see it: kiln results --table rejected tasks.kiln");
}

TEST(Summary, StagesAndWhatWasNotStarted) {
  using State = schedule::Gates::State;
  RunSummary s = ended(1237, 1209, 3);
  s.stages = {{"", 1, 1, 0, State::over},
              {"fetch", 11, 11, 0, State::over},
              {"align", 1200, 1197, 3, State::open},
              {"call", 24, 0, 0, State::blocked},
              {"report", 1, 0, 0, State::blocked}};
  EXPECT_THAT(
      summary_lines(s),
      ElementsAre("1,237 units: 1,209 done, 3 failed, 25 not run in 10.0 s (121/s); results: "
                  "tasks.kiln/results.h5",
                  "  before the stages: 1 command, 1 done", "  stage fetch: 11 commands, 11 done",
                  "  stage align: 1,200 commands, 1,197 done, 3 failed",
                  "  stage call: 24 commands, 0 done, not started", "  stage report: 1 command, 0 done, not started",
                  "stage align: 3 of 1,200 commands failed; not started: call (24 commands), report (1)",
                  "see them: kiln results --failed tasks.kiln; run them again, then the stages that wait for "
                  "them: kiln retry tasks.kiln"));
}

TEST(Summary, OfManyStagesThoseThatFailed) {
  RunSummary s = ended(100, 99, 1);
  for (int i = 0; i < 100; ++i) {
    s.stages.push_back({"s" + std::to_string(i), 1, i == 70 ? 0U : 1U, i == 70 ? 1U : 0U});
  }
  EXPECT_THAT(summary_lines(s), ElementsAre(HasSubstr("99 done"), "  stage s70: 1 command, 0 done, 1 failed",
                                            "  and 99 more stages", HasSubstr("kiln retry")));
}

TEST(Summary, StoppedEarly) {
  RunSummary s = ended(2000, 500, 0);
  s.outcome = Outcome::interrupted;
  EXPECT_THAT(summary_lines(s), ElementsAre(HasSubstr("500 done, 1,500 not run in"), HasSubstr("same command again")));
}

TEST(Summary, LaterLaunches) {
  RunSummary s = ended(2000, 2000, 0);
  s.done_before = 1500;
  EXPECT_THAT(summary_lines(s), ElementsAre(HasSubstr("in 10.0 s (50/s), 1,500 of them earlier")));
  s.done_before = 2000;
  EXPECT_THAT(summary_lines(s), ElementsAre(HasSubstr("all done earlier")));
  s.done = 1999;
  s.failed = 1;
  EXPECT_THAT(summary_lines(s).front(), HasSubstr("1 failed; nothing was left to run; results"));
}

TEST(Summary, NothingToDoAndFullDisk) {
  EXPECT_THAT(summary_lines(ended(0, 0, 0)), ElementsAre(HasSubstr("nothing to do")));
  RunSummary s = ended(10, 5, 0);
  s.outcome = Outcome::storage;
  EXPECT_THAT(summary_lines(s), Contains(HasSubstr("cannot be written")));
  s.outcome = Outcome::too_many_failures;
  EXPECT_THAT(summary_lines(s), Contains(HasSubstr("--max-failures")));
}

TEST(ShellWord, CanBePasted) {
  EXPECT_EQ(shell_word("tasks.kiln"), "tasks.kiln");
  EXPECT_EQ(shell_word("my tasks.kiln"), "'my tasks.kiln'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word(""), "''");
}

}  // namespace
}  // namespace kiln::observe
