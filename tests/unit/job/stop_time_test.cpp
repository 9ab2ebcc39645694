#include "job/stop_time.hpp"

#include "unit/refusal.hpp"

#include <gmock/gmock.h>

#include <ctime>

namespace kiln::job {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

double local(int year, int month, int day, int hour, int minute, int second = 0) {
  std::tm parts{};
  parts.tm_year = year - 1900;
  parts.tm_mon = month - 1;
  parts.tm_mday = day;
  parts.tm_hour = hour;
  parts.tm_min = minute;
  parts.tm_sec = second;
  parts.tm_isdst = -1;
  return static_cast<double>(std::mktime(&parts));
}

const double kNoon = local(2026, 11, 22, 12, 0);

double at(std::string_view text) {
  const Until until = parse_until("--until", text, kNoon);
  EXPECT_EQ(until.kind, Until::Kind::at);
  return until.time;
}

std::string complaint(std::string_view text) {
  return refusal_of(ExitCode::usage, [&] { parse_until("--until", text, kNoon); });
}

Ask says(std::string text) {
  return [text = std::move(text)](const std::vector<std::string>&) { return Answer{true, text}; };
}

TEST(Until, Forms) {
  EXPECT_EQ(parse_until("--until", "auto", kNoon).kind, Until::Kind::automatic);
  EXPECT_EQ(parse_until("--until", "2h", kNoon).asked, "2h");
  EXPECT_EQ(parse_until("--until", "18:00", kNoon).asked, "18:00");
  EXPECT_EQ(parse_until("--until", "never", kNoon).kind, Until::Kind::never);
  EXPECT_EQ(at("90m"), kNoon + 5400);
  EXPECT_EQ(at("30"), kNoon + 30);
  EXPECT_EQ(at("18:00"), local(2026, 11, 22, 18, 0));
  EXPECT_EQ(at("11:59:30"), local(2026, 11, 23, 11, 59, 30));  // tomorrow
  EXPECT_EQ(at("2026-11-24T10:00"), local(2026, 11, 24, 10, 0));
  EXPECT_EQ(at("2026-11-24T10:00:05"), local(2026, 11, 24, 10, 0, 5));
}

TEST(Until, SaysWhatItTakes) {
  EXPECT_THAT(complaint("soon"), HasSubstr("a time of day (18:00)"));
  EXPECT_THAT(complaint(""), HasSubstr("--until takes"));
  EXPECT_THAT(complaint("0"), HasSubstr("--until takes"));
  EXPECT_THAT(complaint("25:00"), HasSubstr("--until takes"));
}

std::optional<double> ends(const Until& until, const Environment& job, const std::string& squeue, const Ask& ask) {
  const auto end = end_of_job(until, job, squeue, ask, 1000);
  return end ? std::optional(end->time) : std::nullopt;
}

TEST(EndOfJob, AsAskedOrAsSlurmSaysWhateverIsFirst) {
  Environment job;
  job.slurm_job_id = "42";
  EXPECT_EQ(ends({}, job, "/bin/squeue", says("RUNNING|None|1:02:03|N/A\n")), 1000 + 3723);
  EXPECT_EQ(ends({}, job, "/bin/squeue", says("RUNNING|None|UNLIMITED|N/A\n")), std::nullopt);
  EXPECT_EQ(ends({}, job, "/bin/squeue", says("nonsense")), std::nullopt);
  EXPECT_EQ(ends({}, job, "", {}), std::nullopt);
  job.slurm_job_end = 5000;
  EXPECT_EQ(ends({}, job, "/bin/squeue", says("RUNNING|None|1:02:03|N/A\n")), 5000);
  const Until later{Until::Kind::at, 7000, "18:00"}, sooner{Until::Kind::at, 3000, "2h"};
  EXPECT_EQ(ends(later, job, "", {}), 5000);
  EXPECT_FALSE(end_of_job(later, job, "", {}, 1000)->asked);
  EXPECT_EQ(ends(sooner, job, "", {}), 3000);
  EXPECT_TRUE(end_of_job(sooner, job, "", {}, 1000)->asked);
  EXPECT_EQ(ends(later, Environment(), "", {}), 7000);
  EXPECT_EQ(ends({Until::Kind::never, 0, ""}, job, "", {}), std::nullopt);
  EXPECT_EQ(ends({}, Environment(), "", {}), std::nullopt);
}

TEST(StopTime, LeavesTimeToCommit) {
  EXPECT_EQ(stop_before(3600, 0, seconds(10)), 3600 - 10 - 150);
  EXPECT_EQ(stop_before(600, 0, seconds(10)), 600 - 10 - 30);
  EXPECT_EQ(stop_before(10, 0, seconds(0)), 8);
}

TEST(StopTime, IsTheLaunchersWhereThereIsOne) {
  RunOptions options;
  options.until = {Until::Kind::at, 4600, "1h"};
  options.grace = seconds(10);
  Environment environment;
  EXPECT_EQ(stop_time(options, environment, 1000), 4600 - 160);
  environment.launch_id = "l";
  EXPECT_EQ(stop_time(options, environment, 1000), std::nullopt);
  environment.stop_time = 2000;
  EXPECT_EQ(stop_time(options, environment, 1000), 2000);
}

TEST(StopTime, WarnsOfLimitsThatAreTooShort) {
  EXPECT_EQ(limit_warning(1000, 0, std::nullopt), "");
  EXPECT_EQ(limit_warning(1000, 0, minutes(10)), "");
  EXPECT_THAT(limit_warning(500, 0, minutes(10)), HasSubstr("--timeout lets one run for 10m"));
  EXPECT_THAT(limit_warning(0, 0, std::nullopt), HasSubstr("nothing is begun"));
}

}  // namespace
}  // namespace kiln::job
