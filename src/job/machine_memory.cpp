#include "job/machine_memory.hpp"

#include "job/cgroup_limits.hpp"

#include <algorithm>
#include <fstream>
#include <string>

namespace kiln::job {
namespace {

// "MemTotal:       16384 kB"; 0 where there is no such line.
std::uint64_t total_memory(const std::filesystem::path& root) {
  std::ifstream stream(root / "proc/meminfo");
  for (std::string word; stream >> word;) {
    std::uint64_t kilobytes = 0;
    if (word == "MemTotal:" && stream >> kilobytes) return kilobytes << 10;
  }
  return 0;
}

}  // namespace

std::uint64_t machine_memory(const std::filesystem::path& root) {
  const std::uint64_t memory = total_memory(root), allowed = read_cgroup_limits(root).memory;
  if (allowed == 0) return memory;
  return memory == 0 ? allowed : std::min(memory, allowed);
}

}  // namespace kiln::job
