#include "job/slice_memory.hpp"

#include "job/cgroup_limits.hpp"

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <string>

namespace kiln::job {
namespace {

constexpr std::uint64_t kShare = 4;

// "MemTotal:       16384 kB"; 0 where there is no such line.
std::uint64_t machine_memory(const std::filesystem::path& root) {
  std::ifstream stream(root / "proc/meminfo");
  for (std::string word; stream >> word;) {
    std::uint64_t kilobytes = 0;
    if (word == "MemTotal:" && stream >> kilobytes) return kilobytes << 10;
  }
  return 0;
}

}  // namespace

std::size_t slice_cache_bytes(const std::filesystem::path& root, unsigned ranks_here) {
  std::uint64_t memory = machine_memory(root);
  if (const std::uint64_t allowed = read_cgroup_limits(root).memory; allowed != 0) {
    memory = memory == 0 ? allowed : std::min(memory, allowed);
  }
  return static_cast<std::size_t>(memory / kShare / std::max(ranks_here, 1U));
}

}  // namespace kiln::job
