#include "job/slurm_again.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kiln::job {
namespace {

using testing::HasSubstr;
using testing::Not;

EndedJob stopped(std::uint64_t settled) {
  EndedJob job;
  job.code = 75;
  job.chain = "17";
  job.began = true;
  job.settled = settled;
  job.units = 100;
  return job;
}

TEST(SlurmAgain, GoesOnWhileItGetsSomewhere) {
  EndedJob job = stopped(10);
  for (const std::uint64_t settled : {10U, 20U, 20U, 20U, 21U, 21U, 21U}) {
    job.settled = settled;
    const AgainAnswer answer = shall_go_on(job);
    EXPECT_TRUE(answer.again) << settled << ": " << answer.reason;
    EXPECT_THAT(answer.reason, HasSubstr("of 100 units are committed"));
    job.before = answer.note;
  }
}

TEST(SlurmAgain, ThreeEndsInVainAreEnough) {
  EndedJob job = stopped(10);
  job.before = shall_go_on(job).note;
  for (const bool again : {true, true, false, false}) {
    const AgainAnswer answer = shall_go_on(job);
    EXPECT_EQ(answer.again, again) << answer.reason;
    EXPECT_THAT(answer.reason, HasSubstr(again ? "of 3)" : "3 starts in a row got nowhere; 10 of 100"));
    job.before = answer.note;
  }
  job.chain = "18";  // submitted again by hand
  EXPECT_TRUE(shall_go_on(job).again);
  EXPECT_EQ(shall_go_on(job).note.in_vain, 1U);
}

TEST(SlurmAgain, SaysWhatWasCutOff) {
  EndedJob job = stopped(0);
  job.cut_off = CutOff{UnitId(7), 52.4};
  const std::string named =
      "unit 7 was cut off after 52.4 s, most of the time that the job had for commands: give a longer --time";
  for (const std::string& part :
       {"since its last start (1 of 3); " + named, "(2 of 3); " + named,
        "got nowhere; 0 of 100 units are committed: " + named + ", then submit the same line again"}) {
    const AgainAnswer answer = shall_go_on(job);
    EXPECT_THAT(answer.reason, HasSubstr(part));
    job.before = answer.note;
  }
  job.settled = 1;
  EXPECT_THAT(shall_go_on(job).reason, Not(HasSubstr("cut off"))) << "it gets on";
}

TEST(SlurmAgain, KeepsTheJobThatGoesOn) {
  EndedJob job = stopped(10);
  job.next = "18";
  EXPECT_EQ(shall_go_on(job).note.next, "18");
  job.code = 0;
  EXPECT_EQ(shall_go_on(job).note.next, "");
}

TEST(SlurmAgain, AJobThatTheNoteNamesBelongsToItsChain) {
  const AgainNote note{"17", 10, 2, "18"};
  EXPECT_EQ(chain_of({{"SLURM_JOB_ID", "18"}}, note), "17");
  EXPECT_EQ(chain_of({{"SLURM_JOB_ID", "18"}, {"KILN_CHAIN", "18"}}, note), "17") << "nobody has told it";
  EXPECT_EQ(chain_of({{"SLURM_JOB_ID", "18"}, {"KILN_NEXT_JOB", "19"}}, AgainNote{"17", 10, 2, "19"}), "17");
  EXPECT_EQ(chain_of({{"SLURM_JOB_ID", "19"}}, note), "19");
  EXPECT_EQ(chain_of({{"SLURM_JOB_ID", "19"}, {"KILN_CHAIN", "17"}}, note), "17");
  EXPECT_EQ(chain_of({{"SLURM_JOB_ID", "18"}}, AgainNote{"", 10, 0, "18"}), "18") << "submitted by hand";
  EXPECT_EQ(chain_of({{"SLURM_JOB_ID", "18"}}, std::nullopt), "18");
  EXPECT_EQ(chain_of({}, AgainNote{"17", 10, 2, ""}), "") << "no Slurm";
}

TEST(SlurmAgain, NothingAtAllIsInVainToo) {
  EndedJob job = stopped(0);
  for (const bool again : {true, true, false}) {
    const AgainAnswer answer = shall_go_on(job);
    EXPECT_EQ(answer.again, again) << answer.reason;
    job.before = answer.note;
  }
}

TEST(SlurmAgain, WhereNothingCanBeNotedSlurmsCountHolds) {
  EndedJob job = stopped(0);
  job.began = false;
  job.units = 0;
  for (const auto& [restarts, again] : {std::pair{0U, true}, {1U, true}, {2U, false}, {9U, false}}) {
    job.restarts = restarts;
    EXPECT_EQ(shall_go_on(job).again, again) << restarts;
  }
}

TEST(SlurmAgain, OtherEndsAreFinal) {
  for (const auto& [code, part] : {std::pair{0, "all is done"},
                                   {1, "some units failed"},
                                   {2, "same way again"},
                                   {3, "same way again"},
                                   {4, "same way again"},
                                   {70, "exit code 70"}}) {
    EndedJob job = stopped(50);
    job.code = code;
    const AgainAnswer answer = shall_go_on(job);
    EXPECT_FALSE(answer.again) << code;
    EXPECT_THAT(answer.reason, HasSubstr(part));
  }
  EndedJob killed = stopped(50);
  killed.code = 137;
  EXPECT_TRUE(shall_go_on(killed).again) << "kiln itself was killed";
  EndedJob full = stopped(50);
  full.storage = true;
  EXPECT_FALSE(shall_go_on(full).again);
  EXPECT_THAT(shall_go_on(full).reason, HasSubstr("make room"));
}

TEST(SlurmAgain, AWishToStopIsOne) {
  EndedJob job = stopped(50);
  job.until = "18:00";
  const AgainAnswer answer = shall_go_on(job);
  EXPECT_FALSE(answer.again);
  EXPECT_THAT(answer.reason, HasSubstr("--until 18:00 has come; 50 of 100 units are committed: to go on, submit it"));
  job.code = 0;
  EXPECT_THAT(shall_go_on(job).reason, HasSubstr("all is done"));
}

TEST(SlurmAgain, TheNoteIsReadAsItWasWritten) {
  const AgainNote note{"17", 123456789012, 2, "18"};
  EXPECT_EQ(parse_again_note(to_json(note)), note);
  EXPECT_EQ(parse_again_note(R"({"chain":"17","settled":3,"in_vain":1})"), (AgainNote{"17", 3, 1, ""})) << "an old one";
  for (const char* text :
       {"", "[]", "{}", "{\"chain\": 1}", "{\"chain\":\"1\",\"settled\":-1.5e99,\"in_vain\":\"x\"}"}) {
    EXPECT_EQ(parse_again_note(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace kiln::job
