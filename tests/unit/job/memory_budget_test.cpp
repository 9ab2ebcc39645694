#include "job/memory_budget.hpp"

#include "unit/temp_folder.hpp"

#include <gtest/gtest.h>

namespace kiln::job {
namespace {

constexpr std::uint64_t kMebi = std::uint64_t{1} << 20;

class MemoryBudgetTest : public ::testing::Test {
 protected:
  MemoryBudgetTest() {
    std::filesystem::create_directories(root_ / "proc/self");
    write_text(root_ / "proc/meminfo", "MemTotal: 16777216 kB\n");  // 16 GiB
  }
  std::uint64_t budget(const RunOptions& options = {}) const {
    return memory_budget(options, environment_, root_.path()).bytes;
  }

  TempFolder root_;
  Environment environment_;
};

TEST_F(MemoryBudgetTest, IsHalfOfTheMachineSharedByItsRanks) {
  EXPECT_EQ(budget(), 8192 * kMebi);
  environment_.mpi_ranks_here = 4;
  EXPECT_EQ(budget(), 2048 * kMebi);
  environment_.mpi_ranks_here = 0;
  EXPECT_EQ(budget(), 8192 * kMebi);
}

TEST_F(MemoryBudgetTest, IsWhatIsAskedFor) {
  RunOptions options;
  options.memory = 100 * kMebi;
  environment_.mpi_ranks_here = 4;
  EXPECT_EQ(budget(options), 100 * kMebi);
}

TEST_F(MemoryBudgetTest, ControlGroupsOfBothVersionsCount) {
  std::filesystem::create_directories(root_ / "sys/fs/cgroup/job");
  std::filesystem::create_directories(root_ / "sys/fs/cgroup/memory/slurm/job_7");
  write_text(root_ / "proc/self/cgroup", "0::/job\n");
  write_text(root_ / "sys/fs/cgroup/job/memory.max", "4294967296\n");
  EXPECT_EQ(budget(), 2048 * kMebi);
  write_text(root_ / "proc/self/cgroup", "4:memory:/slurm/job_7\n");
  write_text(root_ / "sys/fs/cgroup/memory/slurm/memory.limit_in_bytes", "2147483648\n");
  write_text(root_ / "sys/fs/cgroup/memory/slurm/job_7/memory.limit_in_bytes", "9223372036854771712\n");
  EXPECT_EQ(budget(), 1024 * kMebi);
}

TEST_F(MemoryBudgetTest, AFileThatSaysNothingOfUseIsNotBelieved) {
  std::filesystem::create_directories(root_ / "sys/fs/cgroup/job");
  write_text(root_ / "proc/self/cgroup", "0::/job\n");
  for (const char* text : {"max\n", "", "0\n", "-1\n", "18446744073709551616\n", "4G\n", "one\n"}) {
    write_text(root_ / "sys/fs/cgroup/job/memory.max", text);
    EXPECT_EQ(budget(), 8192 * kMebi) << text;
  }
}

TEST_F(MemoryBudgetTest, SlurmsShareCounts) {
  environment_.slurm_memory = 3000 * kMebi;
  EXPECT_EQ(budget(), 1500 * kMebi);
  environment_.slurm_memory = 30'000 * kMebi;
  EXPECT_EQ(budget(), 8192 * kMebi);
}

TEST_F(MemoryBudgetTest, IsNeverLessThanARankNeeds) {
  environment_.mpi_ranks_here = 1'000'000;
  EXPECT_EQ(budget(), kLeastBudget);
  TempFolder nothing;
  EXPECT_EQ(memory_budget({}, {}, nothing.path()).bytes, kLeastBudget);
}

}  // namespace
}  // namespace kiln::job
