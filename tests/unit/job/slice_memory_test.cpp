#include "job/slice_memory.hpp"

#include "unit/temp_folder.hpp"

#include <gtest/gtest.h>

using kiln::TempFolder;
using kiln::write_text;
using kiln::job::slice_cache_bytes;

TEST(SliceMemory, IsAQuarterOfTheMachineSharedByItsRanks) {
  TempFolder root;
  EXPECT_EQ(slice_cache_bytes(root.path(), 1), 0U);
  std::filesystem::create_directories(root / "proc/self");
  write_text(root / "proc/meminfo", "MemFree:  17 kB\nMemTotal:       16384 kB\n");
  EXPECT_EQ(slice_cache_bytes(root.path(), 1), 4096U * 1024);
  EXPECT_EQ(slice_cache_bytes(root.path(), 0), 4096U * 1024);
  EXPECT_EQ(slice_cache_bytes(root.path(), 4), 1024U * 1024);
}

TEST(SliceMemory, AControlGroupThatAllowsLessCounts) {
  TempFolder root;
  std::filesystem::create_directories(root / "proc/self");
  std::filesystem::create_directories(root / "sys/fs/cgroup/job");
  write_text(root / "proc/meminfo", "MemTotal: 16384 kB\n");
  write_text(root / "proc/self/cgroup", "0::/job\n");
  write_text(root / "sys/fs/cgroup/job/memory.max", "1048576\n");
  EXPECT_EQ(slice_cache_bytes(root.path(), 2), 131'072U);
  write_text(root / "sys/fs/cgroup/job/memory.max", "max\n");
  EXPECT_EQ(slice_cache_bytes(root.path(), 2), 2048U * 1024);
}
