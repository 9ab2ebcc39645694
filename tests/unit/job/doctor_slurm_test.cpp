#include "job/doctor_slurm.hpp"

#include "job/doctor_trial.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>

namespace kiln::job {
namespace {

using testing::HasSubstr;

const SlurmPrograms kAll{"/b/sbatch", "/b/srun", "/b/squeue"};

Ask says(bool well, const std::string& text) {
  return [=](const std::vector<std::string>&) { return Answer{well, text}; };
}

Variables job(const std::string& cpus, const std::string& nodes) {
  return {{"SLURM_JOB_ID", "4711"}, {"SLURM_JOB_CPUS_PER_NODE", cpus}, {"SLURM_JOB_NUM_NODES", nodes}};
}

Finding worst(const Findings& all) {
  return *std::max_element(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.verdict < b.verdict; });
}

TEST(DoctorSlurm, OutsideOfJobs) {
  EXPECT_THAT(examine_slurm({}, {}, says(false, "")).at(0).text, HasSubstr("no Slurm here"));
  EXPECT_THAT(examine_slurm(kAll, {}, says(true, "slurm 22.05.8\n")).at(0).text,
              HasSubstr("slurm 22.05.8, not inside"));
  EXPECT_EQ(examine_slurm(kAll, {}, says(false, "sbatch: error")).at(0).verdict, Verdict::note);
}

TEST(DoctorSlurm, InsideAJob) {
  const Findings all = examine_slurm(kAll, job("8(x2)", "2"), says(true, "1:02:03\n"));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_THAT(all[0].text, HasSubstr("4711: 2 node(s), 16 CPUs"));
  EXPECT_THAT(all[1].text, HasSubstr("time left: 1:02:03;"));
  EXPECT_EQ(worst(all).verdict, Verdict::good);
}

TEST(DoctorSlurm, JobsThatAreOdd) {
  EXPECT_THAT(examine_slurm(kAll, job("8(x", "1"), says(true, "1:00")).at(0).advice, HasSubstr("-n N"));
  EXPECT_THAT(examine_slurm(kAll, job("1", "1"), says(true, "1:00")).at(0).text, HasSubstr("one command at a time"));
  EXPECT_EQ(examine_slurm(kAll, job("4", "1"), says(false, "")).at(1).verdict, Verdict::note);
  EXPECT_EQ(examine_slurm({"/b/sbatch", "/b/srun", ""}, job("4", "1"), says(true, "1")).at(1).verdict, Verdict::note);
  EXPECT_EQ(worst(examine_slurm({"/b/sbatch", "", "/b/squeue"}, job("4", "2"), says(true, "1"))).verdict, Verdict::bad);
  EXPECT_NE(worst(examine_slurm({"/b/sbatch", "", "/b/squeue"}, job("4", "1"), says(true, "1"))).verdict, Verdict::bad);
}

TEST(DoctorTrial, WaysToFail) {
  exec::ProgramEnd end;
  end.error = ENOENT;
  EXPECT_THAT(judge_failed_trial(end, "60 s").text, HasSubstr("could not be started"));
  end = {};
  end.late = true;
  EXPECT_THAT(judge_failed_trial(end, "60 s").text, HasSubstr("within 60 s"));
  end = {};
  end.cancelled = true;
  EXPECT_EQ(judge_failed_trial(end, "60 s").verdict, Verdict::note);
  end = {};
  end.exit_code = 70;
  end.output = "kiln: something\nkiln: the reason\n\n";
  EXPECT_EQ(judge_failed_trial(end, "60 s").text, "the test run ended with exit code 70: kiln: the reason");
  end = {};
  EXPECT_EQ(judge_failed_trial(end, "60 s").text, "the test run ended with a signal");
}

TEST(DoctorTrial, AProgramThatKeepsNothingIsBad) {
  const std::filesystem::path folder = std::filesystem::temp_directory_path();
  EXPECT_EQ(examine_trial({"/bin/true", folder, 1, {}, std::chrono::seconds(60), {}}).verdict, Verdict::bad);
  EXPECT_EQ(examine_trial({"/bin/false", folder, 1, {}, std::chrono::seconds(60), {}}).verdict, Verdict::bad);
  EXPECT_EQ(examine_trial({"/bin/true", "/proc", 1, {}, std::chrono::seconds(60), {}}).verdict, Verdict::bad);
}

}  // namespace
}  // namespace kiln::job
