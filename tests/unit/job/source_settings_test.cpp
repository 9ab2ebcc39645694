#include "job/source_settings.hpp"

#include <gmock/gmock.h>

namespace kiln::job {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

units::TaskFile parse(std::string_view text) {
  return units::parse_task_file({as_bytes(text).begin(), as_bytes(text).end()}, "tasks.txt");
}

TEST(SourceSettings, LimitsBecomeClassesOfUnits) {
  const units::TaskFile tasks =
      parse("#kiln retries=2\n\na\nb\n#kiln priority=3\nc\n#kiln retries=0 priority=3\nd\ne\n");
  // Units keep their ids: e was first once, and unit 3 is gone.
  const std::vector<std::uint64_t> places = {4, 0, 1, units::CommandSource::kNone, 2, 3};
  const units::CommandSource source(tasks, places);
  protocol::CoordinatorOptions options;
  apply_limits(tasks, source, options);
  std::vector<std::pair<Interval, std::uint32_t>> retries;
  for (const auto& one : options.retry_classes) retries.emplace_back(one.interval, one.retries);
  EXPECT_THAT(retries, ElementsAre(std::pair(make_interval(0, 3), 2U), std::pair(make_interval(4, 5), 2U),
                                   std::pair(make_interval(5, 6), 0U)));
  ASSERT_EQ(options.queue.priorities.size(), 1U);
  EXPECT_EQ(options.queue.priorities[0].interval, make_interval(4, 6));
  EXPECT_EQ(options.queue.priorities[0].priority, 3);
}

TEST(SourceSettings, OwnTimeLimitsMayBeLongerThanThatOfAll) {
  const auto longest = [](std::string_view text) {
    const units::TaskFile tasks = parse(text);
    protocol::CoordinatorOptions options;
    options.time_limit = schedule::TimeLimit{{}, std::chrono::seconds(5)};
    apply_limits(tasks, units::CommandSource(tasks), options);
    return options.time_limit->longest;
  };
  EXPECT_EQ(longest("a\nb\n"), std::chrono::seconds(5));
  EXPECT_EQ(longest("a\n#kiln retries=2\nb\n"), std::chrono::seconds(5));
  EXPECT_EQ(longest("a\n#kiln timeout=1h\nb\n"), std::nullopt);
}

TEST(SourceSettings, WithoutDirectivesThereAreNoClasses) {
  const units::TaskFile tasks = parse("a\nb\n");
  protocol::CoordinatorOptions options;
  apply_limits(tasks, units::CommandSource(tasks), options);
  EXPECT_TRUE(options.retry_classes.empty());
  EXPECT_TRUE(options.queue.priorities.empty());
}

TEST(SourceSettings, StagesAreOfUnits) {
  const units::TaskFile tasks = parse("a\n#kiln stage one\nb\nc\n#kiln stage two after=one\nd\ne\n");
  // Units keep their ids: d was first once, and unit 3 is gone.
  const std::vector<std::uint64_t> places = {3, 0, 1, units::CommandSource::kNone, 2, 4};
  protocol::CoordinatorOptions options;
  apply_stages(tasks, units::CommandSource(tasks, places), options);
  ASSERT_EQ(options.stages.size(), 3U);
  EXPECT_THAT(options.stages[0].units.intervals(), ElementsAre(make_interval(1, 2)));
  EXPECT_THAT(options.stages[1].units.intervals(), ElementsAre(make_interval(2, 3), make_interval(4, 5)));
  EXPECT_THAT(options.stages[2].units.intervals(), ElementsAre(make_interval(0, 1), make_interval(5, 6)));
  EXPECT_THAT(options.stages[2].after, ElementsAre(1));
}

TEST(SourceSettings, ATaskFileBringsOldNames) {
  exec::CommandSetup setup;
  setup.working_directory = "/here";
  setup.environment = {"DISBATCH_JOBID=old", "LAUNCHER_JID=7", "LAUNCHER_NPROCSES=kept", "PATH=/bin"};
  set_source_variables(setup, parse("a\nb\n"), {"12", "my tasks.txt", 3});
  EXPECT_THAT(setup.environment, Contains("DISBATCH_JOBID=12"));
  EXPECT_THAT(setup.environment, Not(Contains("DISBATCH_JOBID=old")));
  EXPECT_THAT(setup.environment, Contains("DISBATCH_NAMETASKS=my tasks.txt"));
  EXPECT_THAT(setup.environment, Contains("LAUNCHER_NPROCS=3"));
  EXPECT_THAT(setup.environment, Contains("LAUNCHER_NJOBS=2"));
  EXPECT_THAT(setup.environment, Contains("LAUNCHER_WORKDIR=/here"));
  EXPECT_THAT(setup.environment, Contains("LAUNCHER_NPROCSES=kept"));
  EXPECT_THAT(setup.environment, Not(Contains(StartsWith("LAUNCHER_JID="))));
  setup.environment = {"LAUNCHER_WORKDIR=/mine"};
  set_source_variables(setup, parse("a\n"), {"12", "tasks.txt", 1});
  EXPECT_THAT(setup.environment, Contains("LAUNCHER_WORKDIR=/mine"));
}

TEST(SourceSettings, AnArrayBringsSlurms) {
  exec::CommandSetup setup;
  setup.environment = {"SLURM_ARRAY_TASK_ID=3", "SLURM_ARRAY_TASK_MAX=77", "LAUNCHER_JID=1"};
  units::TaskFile tasks;
  tasks.form = units::TaskFile::Form::array;
  tasks.array = units::ArrayRange::parse("2-10:4", "range");
  tasks.commands.emplace_back("a");
  set_source_variables(setup, tasks, {"4711", "", 1});
  EXPECT_THAT(setup.environment,
              ElementsAre("LAUNCHER_JID=1", "SLURM_ARRAY_TASK_COUNT=3", "SLURM_ARRAY_TASK_MIN=2",
                          "SLURM_ARRAY_TASK_MAX=10", "SLURM_ARRAY_TASK_STEP=4", "SLURM_ARRAY_JOB_ID=4711"));
}

TEST(SourceSettings, AListBringsNothing) {
  exec::CommandSetup setup;
  units::TaskFile tasks;
  tasks.form = units::TaskFile::Form::list;
  set_source_variables(setup, tasks, {"4711", "", 1});
  EXPECT_THAT(setup.environment, IsEmpty());
}

TEST(SourceSettings, TheJobsNumberIsSlurmsOrTheBeginning) {
  EXPECT_EQ(job_id_of("123", 1700000000.9), "123");
  EXPECT_EQ(job_id_of("", 1700000000.9), "1700000000");
}

}  // namespace
}  // namespace kiln::job
