#include "status_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace kiln::cli {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

StatusReport finished(std::uint64_t done, std::uint64_t failed) {
  StatusReport r;
  r.directory = "my tasks.kiln";
  r.now = 1.75e9 + 60;
  r.totals.units = 2000;
  r.totals.done = done;
  r.totals.failed = failed;
  r.launches = 1;
  r.last_end = store::EndEntry{"l", protocol::Outcome::complete, 0, 1.75e9};
  return r;
}

StatusReport live() {
  StatusReport r = finished(1260, 2);
  r.last_end.reset();
  r.launches = 0;
  r.live = true;
  r.owner = "pid 4711 on node7";
  observe::StatusSnapshot s;
  s.state = observe::RunState::running;
  s.started = 1.75e9;
  s.updated = 1.75e9 + 59;
  s.rate = 212;
  s.expected_end = 1.75e9 + 63.5;
  s.totals = r.totals;
  s.totals.running = 8;
  s.ranks = {{1, "node8", 12, "working", 1260, 29.5, 4}};
  s.groups = {{2, 99, 98, 5, 98 * 59.0, 1}};
  s.slowest = {{17, 1, "node8", 9.5, "sleep\n10"}};
  r.totals = s.totals;
  r.snapshot = s;
  return r;
}

TEST(StatusText, OfALiveRun) {
  const std::string text = status_text(live());
  EXPECT_THAT(text, StartsWith("my tasks.kiln: running (pid 4711 on node7), for 60.0 s\n"));
  EXPECT_THAT(text, HasSubstr("2,000: 1,260 done, 2 failed, 738 to do, 8 of them handed out\n"));
  EXPECT_THAT(text, HasSubstr("rate       212 units/s; at this rate 3.5 s left, until about 20"));
  EXPECT_THAT(text, HasSubstr("50 %"));
  EXPECT_THAT(text, HasSubstr("2-99  (98 ranks)"));
  EXPECT_THAT(text, HasSubstr("unit 17  node8                      9.5 s  sleep\\n10\n"));
  EXPECT_THAT(text, HasSubstr("kiln results --failed 'my tasks.kiln'"));
  EXPECT_THAT(text, Not(HasSubstr("kiln retry")));
}

// A full disk leaves no end either.
TEST(StatusText, OfALaunchWithoutAnEnd) {
  StatusReport r = finished(1260, 0);
  r.last_end.reset();
  EXPECT_THAT(status_text(r),
              HasSubstr("cut off before it could end: it was killed, or its end could not be written (a "
                        "full disk)\n"));
}

TEST(StatusText, OfAJobOfSlurm) {
  StatusReport r = live();
  EXPECT_THAT(status_text(r), Not(HasSubstr("job")));
  EXPECT_TRUE(nlohmann::json::parse(status_json(r)).at("job").is_null());
  r.job_id = "4711";
  EXPECT_THAT(status_text(r), HasSubstr("\n  job        4711\n")) << "there is no squeue";
  r.job_restarts = 2;
  r.job = job::SlurmJob{"RUNNING", "", "1:02:03", "2026-11-22T10:00:00"};
  EXPECT_THAT(status_text(r),
              HasSubstr("\n  job        4711: RUNNING, 1:02:03 left, until 2026-11-22T10:00:00; started "
                        "again 2 times\n"));
  const auto json = nlohmann::json::parse(status_json(r)).at("job");
  EXPECT_EQ(json.at("id"), "4711");
  EXPECT_EQ(json.at("time_left"), "1:02:03");
  EXPECT_EQ(json.at("restarts"), 2);
  EXPECT_TRUE(json.at("reason").is_null());
}

TEST(StatusText, OfAJobThatWaitsToGoOn) {
  StatusReport r = finished(1000, 0);
  r.job_id = "4711";
  EXPECT_THAT(status_text(r), HasSubstr("next: run the same command again")) << "that job is over";
  r.job = job::SlurmJob{"PENDING", "BeginTime", "2:00:00", ""};
  EXPECT_THAT(status_text(r), HasSubstr("job        4711: PENDING (BeginTime), 2:00:00 left\n"));
  EXPECT_THAT(status_text(r), HasSubstr("next: the job 4711 goes on with it\n"));
  EXPECT_THAT(status_text(r), Not(HasSubstr("run the same command again")));
}

TEST(StatusText, OfAChainOfJobs) {
  StatusReport r = live();
  r.job_id = "4711";
  r.job = job::SlurmJob{"RUNNING", "", "", ""};
  EXPECT_TRUE(nlohmann::json::parse(status_json(r)).at("next_job").is_null());
  r.next_job_id = "4712";
  r.next_job = job::SlurmJob{"PENDING", "Dependency", "", ""};
  EXPECT_THAT(status_text(r), HasSubstr("job        4711: RUNNING; the job 4712 waits to go on (PENDING)\n"));
  EXPECT_EQ(nlohmann::json::parse(status_json(r)).at("next_job").at("id"), "4712");
}

TEST(StatusText, OfAJobThatHasNotBegun) {
  StatusReport r;
  r.directory = "tasks.kiln";
  r.only_job = true;
  r.job_id = "4711";
  EXPECT_THAT(status_text(r), HasSubstr("the job 4711 was submitted for it, and squeue does not show it"));
  r.job = job::SlurmJob{"PENDING", "Priority", "1:00:00", ""};
  EXPECT_EQ(
      status_text(r),
      "tasks.kiln: not begun\n  job        4711: PENDING (Priority), 1:00:00 left\nnext: the job 4711 begins it\n");
  const auto json = nlohmann::json::parse(status_json(r));
  EXPECT_EQ(json.at("state"), "not_begun");
  EXPECT_TRUE(json.at("totals").is_null());
  EXPECT_EQ(json.at("job").at("state"), "PENDING");
}

TEST(StatusText, OfAJobThatHasStoppedForUntil) {
  StatusReport r = finished(1000, 0);
  r.job_id = "4711";
  r.job = job::SlurmJob{"COMPLETING", "", "", ""};
  r.until = "18:00";
  EXPECT_THAT(status_text(r), HasSubstr("next: --until 18:00 has come: to go on, run the same command again"));
  EXPECT_THAT(status_text(r), Not(HasSubstr("goes on with it")));
}

TEST(StatusText, OfALiveRunThatHasNotSaidAnything) {
  StatusReport r = live();
  r.snapshot.reset();
  r.totals = {};
  EXPECT_EQ(status_text(r), "my tasks.kiln: starting (pid 4711 on node7)\n");
}

TEST(StatusText, NamesTheStagesOfAProgram) {
  StatusReport r = live();
  EXPECT_FALSE(nlohmann::json::parse(status_json(r)).contains("stages")) << "of commands";
  r.program = true;
  r.stages = {{StageId(0), "first", "", {10, 9, 1, 4}, true, 1.5}, {StageId(1), "second", "", {20, 5, 0, 0}, false, 0}};
  EXPECT_THAT(status_text(r),
              HasSubstr("first                                   10             9         1          4       1.50\n"));
  EXPECT_THAT(status_text(r), HasSubstr("running\n"));
  EXPECT_EQ(nlohmann::json::parse(status_json(r))["stages"][1]["name"], "second");
  r.live = false;
  EXPECT_THAT(status_text(r), HasSubstr("not over\n"));
}

TEST(StatusText, OfAnEndedRun) {
  EXPECT_THAT(status_text(finished(2000, 0)), HasSubstr("every unit is done, exit code 0\n"));
  EXPECT_THAT(status_text(finished(2000, 0)), HasSubstr("next: kiln results 'my tasks.kiln'"));
  EXPECT_THAT(status_text(finished(1998, 2)), HasSubstr("kiln retry 'my tasks.kiln'"));
  StatusReport r = finished(500, 0);
  r.last_end->outcome = protocol::Outcome::interrupted;
  EXPECT_THAT(status_text(r), HasSubstr("same command again"));
  r.last_end.reset();
  EXPECT_THAT(status_text(r), HasSubstr("cut off"));
  r.launches = 0;
  EXPECT_THAT(status_text(r), HasSubstr("not begun"));
  r.damage = {"journal/000/000000017.h5: checksum differs"};
  EXPECT_THAT(status_text(r), HasSubstr("damage     journal/000/000000017.h5"));
}

TEST(StatusJson, IsOneObject) {
  const auto now = nlohmann::json::parse(status_json(live()));
  EXPECT_EQ(now["live"], true);
  EXPECT_EQ(now["state"], "running");
  EXPECT_EQ(now["totals"]["to_do"], 738);
  EXPECT_EQ(now["status"]["ranks"][0]["host"], "node8");
  const auto then = nlohmann::json::parse(status_json(finished(1998, 2)));
  EXPECT_EQ(then["state"], "ended");
  EXPECT_EQ(then["last_end"]["outcome"], "complete");
  EXPECT_EQ(then["totals"]["failed"], 2);
  EXPECT_TRUE(then["status"].is_null());
}

}  // namespace
}  // namespace kiln::cli
