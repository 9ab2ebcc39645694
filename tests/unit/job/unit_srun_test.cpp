#include "job/unit_srun.hpp"
#include "unit/temp_folder.hpp"

#include <fmt/core.h>
#include <gmock/gmock.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace kiln::job {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// A Slurm of shell scripts, whose nodes are n1 and this one.
class UnitSrunTest : public testing::Test {
 protected:
  void SetUp() override {
    program("srun", "echo \"$* overlap=${SLURM_OVERLAP-} tasks=${SLURM_NTASKS-}\"");
    program("scontrol", "echo n1; uname -n");
    environment_ = {"HOME=/h", "PATH=" + (folder() / "bin").string() + ":/usr/bin:/bin", "SLURM_JOB_ID=17",
                    "SLURM_NTASKS=64", "SLURM_JOB_NODELIST=n[1-2]"};
  }

  fs::path folder() const { return name_; }
  void program(const std::string& name, const std::string& text) const {
    const fs::path file = folder() / "bin" / name;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << "#!/bin/sh\n" << text << "\n";
    fs::permissions(file, fs::perms::owner_all);
  }
  void give() { give_unit_srun(environment_, folder() / "run"); }
  // What a command sees of `line`.
  std::string run(const std::string& line) const {
    std::string command = "env -i";
    for (const std::string& entry : environment_) command += " '" + entry + "'";
    FILE* const pipe = ::popen((command + " sh -c '" + line + "' 2>&1").c_str(), "r");
    std::string said;
    std::array<char, 256> part{};
    while (std::fgets(part.data(), part.size(), pipe) != nullptr) said += part.data();
    ::pclose(pipe);
    return said;
  }
  std::string this_node() const { return run("uname -n | tr -d \"\\n\""); }

  TempFolder temp_;
  std::string name_ = temp_.path().string();
  std::vector<std::string> environment_;
};

TEST_F(UnitSrunTest, StartsOnTheNodeOfTheCommandAndWaitsForNobody) {
  give();
  EXPECT_THAT(run("srun -n1 ./prog"),
              AllOf(StartsWith("--nodes=1 --nodelist=" + this_node() + " "), HasSubstr(" -n1 ./prog overlap=1")));
}

TEST_F(UnitSrunTest, IsBoundToTheCpusOfTheCommand) {
  give();
  EXPECT_THAT(run("taskset 1 srun ./prog"), testing::ContainsRegex("--cpu-bind=mask_cpu:0x0*1 ./prog"));
}

TEST_F(UnitSrunTest, TheProcessesOfTheBatchScriptAreNotThoseOfTheCommand) {
  give();
  EXPECT_THAT(run("srun ./prog"), EndsWith(" tasks=\n"));
  EXPECT_THAT(run("SLURM_NTASKS=4 srun ./prog"), EndsWith(" tasks=4\n"));
}

TEST_F(UnitSrunTest, AsksForNoCpus) {
  give();
  for (const char* words : {"-c4 -n2", "-n2 -c 4", "--exact -n2", "-n2 --cpus-per-task=4 --exclusive"}) {
    EXPECT_THAT(run(fmt::format("srun {} ./prog -c 5 --exact", words)),
                HasSubstr(" -n2 ./prog -c 5 --exact overlap=1"));
    EXPECT_THAT(run(fmt::format("srun {} ./prog", words)), testing::ContainsRegex("mask_cpu:0x[0-9a-f]+ -n2 ./prog"));
  }
}

TEST_F(UnitSrunTest, WordsArePassedOnAsTheyAre) {
  give();
  EXPECT_THAT(run("srun -J \"a b\" --label -- ./prog \"c  d\" \"\" e"),
              HasSubstr(" -J a b --label -- ./prog c  d  e overlap=1"));
}

TEST_F(UnitSrunTest, ABindingOfTheCommandCounts) {
  give();
  EXPECT_THAT(run("srun --cpu-bind=none ./prog"), Not(HasSubstr("mask_cpu")));
}

TEST_F(UnitSrunTest, InAJobThatTheCommandSubmittedItIsAsItWas) {
  give();
  EXPECT_EQ(run("SLURM_JOB_ID=18 srun ./prog"), "./prog overlap= tasks=64\n");
}

TEST_F(UnitSrunTest, AHostThatIsNoNodeOfTheJobIsTold) {
  program("scontrol", "echo n1");
  give();
  EXPECT_THAT(run("srun ./prog"), AllOf(HasSubstr("is none of the nodes of this job, n[1-2]"),
                                        HasSubstr("\n./prog overlap=1"), Not(HasSubstr("--nodelist"))));
}

TEST_F(UnitSrunTest, OutsideASlurmJobNothingChanges) {
  std::erase(environment_, "SLURM_JOB_ID=17");
  const auto before = environment_;
  give();
  EXPECT_EQ(environment_, before);
  EXPECT_FALSE(fs::exists(folder() / "run"));
}

TEST_F(UnitSrunTest, WhereThereIsNoSrunNothingChanges) {
  fs::remove(folder() / "bin/srun");
  environment_[1] = "PATH=" + (folder() / "bin").string();
  const auto before = environment_;
  give();
  EXPECT_EQ(environment_, before);
}

}  // namespace
}  // namespace kiln::job
