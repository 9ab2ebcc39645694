#pragma once

#include <cstdint>
#include <filesystem>

namespace kiln::job {

/// What the control groups of this process allow; 0: no limit, or none that could be read.
struct CgroupLimits {
  double cpus = 0;              ///< processors' worth of time
  std::uint64_t memory = 0;     ///< bytes
  std::uint64_t processes = 0;  ///< processes and threads
};

/// Of both versions of control groups, with those of the groups around; `root` is where proc and sys are ("/").
CgroupLimits read_cgroup_limits(const std::filesystem::path& root);

}  // namespace kiln::job
