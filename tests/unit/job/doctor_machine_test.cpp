#include "job/doctor_machine.hpp"
#include "unit/temp_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace kiln::job {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

// A machine made of files.
class FakeRoot : public testing::Test {
 protected:
  void put(const std::string& path, const std::string& text) const {
    fs::create_directories((root_ / path).parent_path());
    std::ofstream(root_ / path) << text;
  }

  TempFolder temp_;
  fs::path root_ = temp_.path();
};

MachineFacts plenty() {
  MachineFacts facts;
  facts.online = facts.allowed = 4;
  facts.memory = facts.available = 16384 * kMiB;
  return facts;
}

Limits no_limits() {
  constexpr rlimit none{RLIM_INFINITY, RLIM_INFINITY};
  return {none, none, none, none, none};
}

Finding of(const Findings& all, const std::string& check) {
  for (const Finding& one : all) {
    if (one.check == check) return one;
  }
  return {};
}

TEST_F(FakeRoot, UnifiedGroupsTakeTheLeastOnTheWayUp) {
  put("proc/self/cgroup", "0::/user.slice/job\n");
  put("sys/fs/cgroup/user.slice/job/cpu.max", "max 100000\n");
  put("sys/fs/cgroup/user.slice/cpu.max", "150000 100000\n");
  put("sys/fs/cgroup/user.slice/job/memory.max", "1048576\n");
  put("sys/fs/cgroup/user.slice/memory.max", "max\n");
  put("sys/fs/cgroup/user.slice/job/pids.max", "77\n");
  put("sys/fs/cgroup/pids.max", "99\n");
  const CgroupLimits limits = read_cgroup_limits(root_);
  EXPECT_DOUBLE_EQ(limits.cpus, 1.5);
  EXPECT_EQ(limits.memory, kMiB);
  EXPECT_EQ(limits.processes, 77U);
}

TEST_F(FakeRoot, GroupsOfTheFirstVersion) {
  put("proc/self/cgroup", "4:memory:/a/b\n2:cpu,cpuacct:/a\n1:pids:/a\n");
  put("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "9223372036854771712\n");
  put("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "2097152\n");
  put("sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "-1\n");
  put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n");
  put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  put("sys/fs/cgroup/pids/a/pids.max", "max\n");
  const CgroupLimits limits = read_cgroup_limits(root_);
  EXPECT_DOUBLE_EQ(limits.cpus, 0.5);
  EXPECT_EQ(limits.memory, 2 * kMiB);
  EXPECT_EQ(limits.processes, 0U);
}

TEST_F(FakeRoot, NothingIsThereToRead) {
  const MachineFacts facts = read_machine(root_);
  EXPECT_EQ(facts.memory, 0U);
  EXPECT_FALSE(facts.shared_memory);
  EXPECT_FALSE(facts.fabric);
  EXPECT_GE(facts.online, facts.allowed);
  EXPECT_EQ(judge_memory(facts).verdict, Verdict::note);
  EXPECT_EQ(judge_shared_memory(facts).verdict, Verdict::note);
  put("proc/self/cgroup", "nonsense\n:\n::\n0::/../..\n");
  EXPECT_EQ(read_cgroup_limits(root_).memory, 0U);
}

TEST_F(FakeRoot, MemoryAndDevices) {
  put("proc/meminfo", "MemTotal:       2048 kB\nMemFree: 7 kB\nMemAvailable:    1024 kB\n");
  put("dev/shm/x", "");
  put("sys/class/infiniband/mlx5_0", "");
  const MachineFacts facts = read_machine(root_);
  EXPECT_EQ(facts.memory, 2 * kMiB);
  EXPECT_EQ(facts.available, kMiB);
  EXPECT_TRUE(facts.shared_memory);
  EXPECT_TRUE(facts.fabric);
  EXPECT_EQ(judge_memory(facts).verdict, Verdict::bad);
}

TEST(DoctorMachine, Cores) {
  MachineFacts facts = plenty();
  EXPECT_EQ(judge_cores(facts).verdict, Verdict::good);
  facts.cgroup.cpus = 1.5;
  EXPECT_THAT(judge_cores(facts).advice, HasSubstr("-n 1"));
  facts.cgroup.cpus = 0.2;
  EXPECT_THAT(judge_cores(facts).advice, HasSubstr("-n 1"));
  facts.cgroup.cpus = 4;
  EXPECT_EQ(judge_cores(facts).verdict, Verdict::good);
  facts.allowed = 1;
  EXPECT_EQ(judge_cores(facts).verdict, Verdict::note);
}

TEST(DoctorMachine, Memory) {
  MachineFacts facts = plenty();
  EXPECT_EQ(judge_memory(facts).verdict, Verdict::good);
  facts.available = 300 * kMiB;
  EXPECT_EQ(judge_memory(facts).verdict, Verdict::note);
  facts.available = 8192 * kMiB;
  facts.cgroup.memory = 64 * kMiB;
  EXPECT_EQ(judge_memory(facts).verdict, Verdict::bad);
}

TEST(DoctorLimits, AllIsWell) {
  for (const Finding& one : judge_limits(no_limits(), plenty(), 1000))
    EXPECT_EQ(one.verdict, Verdict::good) << one.text;
}

TEST(DoctorLimits, TooFewFilesOrProcesses) {
  Limits limits = no_limits();
  limits.files = {100, 4096};
  Finding found = of(judge_limits(limits, plenty(), 64), "limits.files");
  EXPECT_EQ(found.verdict, Verdict::bad);
  EXPECT_EQ(found.advice, "ulimit -n 576");
  limits.files = {100, 200};
  EXPECT_THAT(of(judge_limits(limits, plenty(), 64), "limits.files").advice, HasSubstr("administrators"));
  limits.processes = {50, 50};
  EXPECT_EQ(of(judge_limits(limits, plenty(), 64), "limits.processes").verdict, Verdict::bad);
  MachineFacts facts = plenty();
  facts.cgroup.processes = 20;
  found = of(judge_limits(no_limits(), facts, 64), "limits.processes");
  EXPECT_EQ(found.verdict, Verdict::bad);
  EXPECT_THAT(found.advice, HasSubstr("--pids-limit"));
}

TEST(DoctorLimits, StackLockedMemoryAndFileSize) {
  Limits limits = no_limits();
  limits.stack = {64 * 1024, 64 * 1024};
  EXPECT_EQ(of(judge_limits(limits, plenty(), 2), "limits.stack").verdict, Verdict::bad);
  limits.locked = {65536, 65536};
  EXPECT_EQ(of(judge_limits(limits, plenty(), 2), "limits.locked").verdict, Verdict::good);
  MachineFacts facts = plenty();
  facts.fabric = true;
  EXPECT_EQ(of(judge_limits(limits, facts, 2), "limits.locked").verdict, Verdict::note);
  limits.file_size = {1024, 1024};
  EXPECT_EQ(of(judge_limits(limits, plenty(), 2), "limits.file_size").verdict, Verdict::bad);
  limits.file_size = {2048 * kMiB, RLIM_INFINITY};
  EXPECT_EQ(of(judge_limits(limits, plenty(), 2), "limits.file_size").verdict, Verdict::note);
}

TEST(DoctorMachine, AKernelWithoutPidfdsIsNamed) {
  MachineFacts facts;
  EXPECT_EQ(judge_process_table(facts).verdict, Verdict::good);
  facts.pidfd = false;
  EXPECT_EQ(judge_process_table(facts).verdict, Verdict::note);
}

}  // namespace
}  // namespace kiln::job
