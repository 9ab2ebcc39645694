#include "slurm/estimate.hpp"

#include "command_line.hpp"
#include "unit/refusal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <variant>

namespace kiln::cli {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

Sizing of(std::uint64_t units, double each, std::uint64_t cpus) { return {units, {10, each, each, each, each}, cpus}; }

TEST(Estimate, TimesOfUnits) {
  std::vector<double> times;
  for (int i = 100; i >= 1; --i) times.push_back(i);
  times.push_back(std::nan(""));
  const UnitTimes found = unit_times(times);
  EXPECT_EQ(found.units, 100U);
  EXPECT_DOUBLE_EQ(found.mean, 50.5);
  EXPECT_DOUBLE_EQ(found.median, 50);
  EXPECT_DOUBLE_EQ(found.most, 95);
  EXPECT_DOUBLE_EQ(found.longest, 100);
  EXPECT_EQ(unit_times({}).units, 0U);
}

TEST(Estimate, MoreNodesTakeLessDownToTheLongestUnit) {
  EXPECT_EQ(time_on(of(64'000, 36, 64), 1), seconds(36'018));
  EXPECT_EQ(time_on(of(64'000, 36, 64), 10), seconds(3618));
  EXPECT_EQ(time_on(of(64'000, 36, 64), 100'000), seconds(36));
}

TEST(Estimate, AsksForMoreThanItExpects) {
  EXPECT_EQ(limit_for(seconds(1)), minutes(15));
  EXPECT_EQ(limit_for(hours(1)), minutes(90));
  EXPECT_EQ(limit_for(hours(10)), minutes(765));
}

TEST(Estimate, FindsTheLeastNumberOfNodes) {
  const Sizing sizing = of(64'000, 36, 64);
  const auto nodes = nodes_within(sizing, hours(2));
  ASSERT_TRUE(nodes);
  EXPECT_LE(limit_for(time_on(sizing, *nodes)), hours(2));
  EXPECT_GT(limit_for(time_on(sizing, *nodes - 1)), hours(2));
  EXPECT_EQ(nodes_within(of(10, 7200, 64), hours(2)), std::nullopt) << "a unit alone takes longer";
}

Bounds asking(std::uint64_t nodes, std::optional<job::TimeLimit> time) {
  Bounds bounds;
  bounds.nodes = nodes;
  bounds.time = time;
  return bounds;
}

TEST(Estimate, SaysIt) {
  const std::string text = estimate_text(of(64'000, 36, 64), asking(0, hours(2)));
  EXPECT_THAT(text, HasSubstr("64,000 units to run, 36.0 s each: 640 CPU hours"));
  EXPECT_THAT(text, HasSubstr("95 of 100 up to 36.0 s"));
  EXPECT_THAT(text, HasSubstr("\n       1        64     10h 00m  12:45:00\n"));
  EXPECT_THAT(text, HasSubstr("kiln slurm run -N 7 --time 2:00:00"));
  EXPECT_THAT(text, Not(HasSubstr("one after the other")));
  EXPECT_THAT(estimate_text(of(64'000, 36, 64), asking(1, hours(4))), HasSubstr("about 3 jobs"));
  EXPECT_THAT(estimate_text(of(64'000, 36, 64), asking(2, std::nullopt)), HasSubstr("-N 2 --time 6:30:00"));
  EXPECT_THAT(estimate_text(of(10, 7200, 64), asking(0, hours(2))), HasSubstr("No number of nodes"));
}

TEST(Estimate, UnitsOfSeveralCpus) {
  Sizing sizing = of(10'000, 36, 64);
  sizing.cpus_per_unit = 24;
  EXPECT_EQ(at_a_time(sizing), 2U);
  EXPECT_EQ(time_on(sizing, 10), seconds(18'018));
  const std::string text = estimate_text(sizing, asking(10, std::nullopt));
  EXPECT_THAT(text, HasSubstr("10,000 units to run, 36.0 s each on 24 CPUs: 2,400 CPU hours"));
  EXPECT_THAT(text, HasSubstr("kiln slurm run -N 10 --time 6:30:00 --cpus-per-unit 24 …"));
  sizing.cpus_per_unit = 100;
  EXPECT_EQ(at_a_time(sizing), 1U);
}

// One node, five minutes.
Bounds of_a_small_partition() {
  Bounds bounds;
  bounds.partition = "short";
  bounds.most_nodes = 1;
  bounds.most_time = minutes(5);
  return bounds;
}

TEST(Estimate, RecommendsWhatTheSiteGrants) {
  const std::string text = estimate_text(of(64'000, 36, 64), of_a_small_partition());
  EXPECT_THAT(text, HasSubstr("0:05:00, 161 jobs\n"));
  EXPECT_THAT(text, Not(HasSubstr("      2 ")));
  EXPECT_THAT(text, HasSubstr("\nkiln slurm run -p short -N 1 --time 0:05:00 …\nThat is about 161 jobs"));
  EXPECT_THAT(estimate_text(of(64, 36, 64), of_a_small_partition()),
              HasSubstr("\nkiln slurm run -p short -N 1 --time 0:05:00 …\n"));
  EXPECT_THAT(estimate_text(of(64, 400, 64), of_a_small_partition()),
              HasSubstr("a unit took 6m 40s, and such a job has 3m 45s for commands"));
  Bounds several = of_a_small_partition();
  several.least_nodes = 2;
  several.most_nodes = 3;
  const std::string few = estimate_text(of(64, 36, 64), several);
  EXPECT_THAT(few, HasSubstr("-N 2 --time"));
  EXPECT_THAT(few, Not(HasSubstr("\n       1 ")));
  EXPECT_THAT(estimate_text(of(64'000, 36, 64), several), HasSubstr("\n       3 "));
}

TEST(Estimate, NoTimeLimit) {
  EXPECT_THAT(estimate_text(of(64'000, 36, 64), asking(0, job::TimeLimit())), HasSubstr("-N 1 --time 12:45:00 …\n"));
}

TEST(Estimate, LongerThanAnybodyLives) {
  const std::string text = estimate_text(of(1'000'000'000'000, 1e6, 1), asking(0, std::nullopt));
  EXPECT_THAT(text, HasSubstr(">100 years"));
  EXPECT_THAT(text, Not(HasSubstr("-9")));
  EXPECT_THAT(estimate_text(of(1'000'000'000'000, 1, 1), of_a_small_partition()), HasSubstr("more than 100 years"));
}

TEST(Estimate, UnitsOfGpus) {
  Sizing sizing = of(10'000, 36, 64);
  sizing.gpus_per_unit = 2;
  sizing.gpus = 4;
  EXPECT_EQ(at_a_time(sizing), 2U);
  EXPECT_THAT(estimate_text(sizing, asking(10, std::nullopt)), HasSubstr("--time 6:30:00 --gpus-per-unit 2 …"));
}

std::string complaint(std::vector<std::string> words) {
  words.insert(words.begin(), "slurm");
  return refusal_of(ExitCode::usage, [&] { parse_command_line(words); });
}

TEST(Estimate, ItsWords) {
  const auto asked = std::get<SlurmEstimateCommand>(parse_command_line(
      {"slurm", "--estimate", "--units-per-hour", "0.5", "--units", "10", "--time", "1-0", "-N", "2"}));
  EXPECT_DOUBLE_EQ(asked.per_hour, 0.5);
  EXPECT_EQ(asked.units, 10U);
  EXPECT_EQ(asked.time, hours(24));
  EXPECT_EQ(asked.nodes, 2U);
  EXPECT_THAT(complaint({"--estimate"}), HasSubstr("a trial run is missing"));
  EXPECT_THAT(complaint({"--estimate", "--units-per-hour", "3"}), HasSubstr("--units N"));
  for (const char* wrong : {"0", "-1", "x", "1x", "nan", "inf"}) {
    EXPECT_THAT(complaint({"--estimate", "--units", "1", "--units-per-hour", wrong}), HasSubstr("a number above 0"));
  }
  EXPECT_THAT(complaint({"--estimate", "a.kiln", "b.kiln"}), HasSubstr("one trial run"));
}

}  // namespace
}  // namespace kiln::cli
