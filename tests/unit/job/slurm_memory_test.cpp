#include "job/slurm_memory.hpp"

#include <gtest/gtest.h>

namespace kiln::job {
namespace {

constexpr std::uint64_t kGibi = std::uint64_t{1} << 30;

TEST(MemoryNote, SaysWhatWouldFit) {
  EXPECT_EQ(
      memory_note({4 * kGibi, 16, 16, 1, 32 * kGibi}),
      "--mem-per-unit 4.0 GiB: 16 commands at a time may take 64.0 GiB on a node, and the job has 32.0 GiB there: "
      "ask Slurm for --mem=65536M, or have 8 at a time: -n 8");
  const std::string nodes = memory_note({4 * kGibi, 16, 16, 2, 21 * kGibi});
  EXPECT_TRUE(nodes.ends_with(", or have fewer at a time: --cpus-per-unit 3")) << nodes;  // 5 of 16 CPUs
  const std::string one = memory_note({4 * kGibi, 1, 16, 1, 2 * kGibi});
  EXPECT_TRUE(
      one.ends_with("1 command may take 4.0 GiB on a node, and the job has 2.0 GiB there: ask Slurm for "
                    "--mem=4096M"))
      << one;
}

TEST(MemoryNote, IsSilentWhereItFitsOrNobodyKnows) {
  EXPECT_EQ(memory_note({2 * kGibi, 16, 16, 1, 32 * kGibi}), "");
  EXPECT_EQ(memory_note({0, 16, 16, 1, 32 * kGibi}), "");
  EXPECT_EQ(memory_note({4 * kGibi, 0, 0, 1, 32 * kGibi}), "");
  EXPECT_EQ(memory_note({4 * kGibi, 16, 16, 1, 0}), "");
}

TEST(MemoryNeed, IsThatOfTheFirstNode) {
  Environment job;
  job.slurm_job_id = "17";
  job.slurm_node_cpus = {8, 4};
  job.slurm_memory = 1 << 20;
  RunOptions options;
  options.memory_per_unit = 5;
  const MemoryNeed all = memory_need(options, job, 12, "");
  EXPECT_EQ(all.at_a_time, 8U);
  EXPECT_EQ(all.cpus, 8U);
  EXPECT_EQ(all.nodes, 2U);
  EXPECT_EQ(all.of_unit, 5U);
  EXPECT_EQ(all.memory, 1U << 20U);
  EXPECT_EQ(memory_need(options, job, 3, "").at_a_time, 3U);
  EXPECT_EQ(memory_need(options, job, 3, "n1:3,n2:1").at_a_time, 2U) << "the coordinator is on the first";
  options.coordinator_works = true;
  EXPECT_EQ(memory_need(options, job, 4, "n1:3,n2:1").at_a_time, 3U);
  job.slurm_node_cpus = {8};
  EXPECT_EQ(memory_need(options, job, 20, "").at_a_time, 20U) << "-n says how many";
  EXPECT_EQ(memory_need(options, Environment(), 20, "").at_a_time, 0U) << "no job";
}

TEST(SlurmMemory, AsSbatchTakesIt) {
  EXPECT_EQ(parse_slurm_memory("4000"), std::uint64_t{4000} << 20);
  EXPECT_EQ(parse_slurm_memory("4000M"), std::uint64_t{4000} << 20);
  EXPECT_EQ(parse_slurm_memory("64g"), 64 * kGibi);
  EXPECT_EQ(parse_slurm_memory("2T"), 2048 * kGibi);
  EXPECT_EQ(parse_slurm_memory("512K"), 512U << 10U);
  EXPECT_EQ(parse_slurm_memory("0"), 0U);
  for (const char* text : {"", "G", "4.5G", "64GB", "-1", "99999999999999T"}) {
    EXPECT_EQ(parse_slurm_memory(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace kiln::job
