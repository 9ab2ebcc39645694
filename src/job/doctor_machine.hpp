#pragma once

#include "job/cgroup_limits.hpp"
#include "job/finding.hpp"

#include <sys/resource.h>

#include <cstdint>
#include <filesystem>

/// What `kiln doctor` asks of this machine: processors, memory, limits.
namespace kiln::job {

struct MachineFacts {
  std::uint32_t online = 1;   ///< processors
  std::uint32_t allowed = 1;  ///< of these, by affinity, for this process
  std::uint64_t memory = 0;   ///< bytes; 0: unknown
  std::uint64_t available = 0;
  bool shared_memory = true;  ///< /dev/shm can be written
  bool fabric = false;        ///< there is a device for a fast network
  bool pidfd = true;          ///< the kernel says at once that a process has ended
  CgroupLimits cgroup;
};

/// `root`: where proc, sys and dev are ("/").
MachineFacts read_machine(const std::filesystem::path& root);

Finding judge_cores(const MachineFacts& facts);
Finding judge_memory(const MachineFacts& facts);
Finding judge_shared_memory(const MachineFacts& facts);
Finding judge_process_table(const MachineFacts& facts);

/// Soft and hard limits of this process; RLIM_INFINITY: none.
struct Limits {
  rlimit files{}, processes{}, stack{}, locked{}, file_size{};
};
Limits read_limits();

/// With so many workers on this machine.
Findings judge_limits(const Limits& limits, const MachineFacts& facts, std::uint32_t workers);

}  // namespace kiln::job
