#include "job/cgroup_limits.hpp"

#include "base/quantity.hpp"

#include <algorithm>
#include <fstream>
#include <string>

namespace kiln::job {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kUnlimited = std::uint64_t{1} << 60;  // version 1 writes such numbers for "no limit"

// The first line of a file; "" where there is none.
std::string line_of(const fs::path& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  return line;
}

template <class T>
void lower(T& limit, T found) {
  if (found != 0 && (limit == 0 || found < limit)) limit = found;
}

std::uint64_t number(const std::string& text) {
  const auto value = parse_count(text);
  return value && *value < kUnlimited ? *value : 0;
}

double share(const std::string& quota, const std::string& period) {
  const std::uint64_t most = number(quota), each = number(period);
  return each == 0 ? 0 : static_cast<double>(most) / static_cast<double>(each);
}

// A folder and those above it, up to `top`.
template <class F>
void up_from(const fs::path& top, const std::string& group, const F& look) {
  fs::path inside = fs::path(group).relative_path();
  while (true) {
    look(top / inside);
    if (inside.empty()) return;
    inside = inside.parent_path();
  }
}

void read_unified(const fs::path& top, const std::string& group, CgroupLimits& limits) {
  up_from(top, group, [&](const fs::path& folder) {
    const std::string cpu = line_of(folder / "cpu.max");  // "200000 100000", "max 100000"
    const std::size_t blank = std::min(cpu.find(' '), cpu.size());
    if (blank < cpu.size()) lower(limits.cpus, share(cpu.substr(0, blank), cpu.substr(blank + 1)));
    lower(limits.memory, number(line_of(folder / "memory.max")));
    lower(limits.processes, number(line_of(folder / "pids.max")));
  });
}

void read_controller(const fs::path& top, const std::string& name, const std::string& group, CgroupLimits& limits) {
  up_from(top / name, group, [&](const fs::path& folder) {
    if (name == "cpu") {
      lower(limits.cpus, share(line_of(folder / "cpu.cfs_quota_us"), line_of(folder / "cpu.cfs_period_us")));
    }
    if (name == "memory") lower(limits.memory, number(line_of(folder / "memory.limit_in_bytes")));
    if (name == "pids") lower(limits.processes, number(line_of(folder / "pids.max")));
  });
}

}  // namespace

CgroupLimits read_cgroup_limits(const fs::path& root) {
  CgroupLimits limits;
  const fs::path top = root / "sys/fs/cgroup";
  std::ifstream stream(root / "proc/self/cgroup");
  for (std::string line; std::getline(stream, line);) {  // "4:memory:/group", "3:cpu,cpuacct:/group", "0::/group"
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string names = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string group = line.substr(second + 1);
    if (names == ",,") read_unified(top, group, limits);
    for (const char* name : {"cpu", "memory", "pids"}) {
      if (names.find(std::string(",") + name + ",") != std::string::npos) read_controller(top, name, group, limits);
    }
  }
  return limits;
}

}  // namespace kiln::job
