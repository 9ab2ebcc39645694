#include "job/doctor_machine.hpp"

#include "base/quantity.hpp"

#include <fmt/core.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <thread>

namespace kiln::job {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kLeastMemory = std::uint64_t{128} << 20;   // a coordinator and a few workers
constexpr std::uint64_t kLittleMemory = std::uint64_t{256} << 20;  // a worker, with something for its command
constexpr std::uint64_t kSmallStack = std::uint64_t{1} << 20;
constexpr std::uint64_t kSmallFile = std::uint64_t{1} << 30;

std::uint32_t allowed_processors(std::uint32_t online) {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  // Fails where the machine has more processors than the set has places.
  return sched_getaffinity(0, sizeof cpus, &cpus) == 0 ? static_cast<std::uint32_t>(CPU_COUNT(&cpus)) : online;
}

// "MemTotal:       16384 kB"
std::uint64_t memory_field(const fs::path& file, const std::string& name) {
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    if (!line.starts_with(name + ":")) continue;
    const std::size_t digit = line.find_first_of("0123456789");
    if (digit == std::string::npos) return 0;
    return parse_count(line.substr(digit, line.find(' ', digit) - digit)).value_or(0) * 1024;
  }
  return 0;
}

std::string shown(rlim_t limit) { return limit == RLIM_INFINITY ? "no limit" : format_count(limit); }

// A limit of a count of which `needed` is used.
Finding judge_count(const char* check, const char* what, const rlimit& limit, std::uint64_t needed,
                    const char* option) {
  const std::string text =
      fmt::format("{}: {} (this needs about {})", what, shown(limit.rlim_cur), format_count(needed));
  if (limit.rlim_cur >= needed) return good(check, text);
  if (limit.rlim_max >= needed) return bad(check, text, fmt::format("ulimit {} {}", option, needed));
  return bad(check, text,
             fmt::format("fewer workers (kiln run -n N), or ask your administrators: the hard limit is {}",
                         shown(limit.rlim_max)));
}

bool knows_pidfd() {
  const auto descriptor = static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0));
  if (descriptor >= 0) close(descriptor);
  return descriptor >= 0;
}

}  // namespace

MachineFacts read_machine(const fs::path& root) {
  MachineFacts facts;
  facts.online = std::max(1U, std::thread::hardware_concurrency());
  const auto configured = sysconf(_SC_NPROCESSORS_ONLN);
  if (configured > 0) facts.online = static_cast<std::uint32_t>(configured);
  facts.allowed = allowed_processors(facts.online);
  facts.memory = memory_field(root / "proc/meminfo", "MemTotal");
  facts.available = memory_field(root / "proc/meminfo", "MemAvailable");
  facts.shared_memory = access((root / "dev/shm").c_str(), W_OK | X_OK) == 0;
  std::error_code none;
  facts.fabric = fs::exists(root / "sys/class/infiniband", none) || fs::exists(root / "sys/class/cxi", none);
  facts.pidfd = knows_pidfd();
  facts.cgroup = read_cgroup_limits(root);
  return facts;
}

Finding judge_process_table(const MachineFacts& facts) {
  constexpr const char* kCheck = "machine.process_table";
  if (facts.pidfd) return good(kCheck, "the death of a rank on this machine is seen at once (pidfd)");
  return note(kCheck, "this kernel has no pidfd: the death of a rank is seen when it has been silent for --heartbeat",
              "use Linux 5.3 or newer, or a shorter --heartbeat");
}

Finding judge_cores(const MachineFacts& facts) {
  const std::string text = fmt::format("cores: {} of {} may be used here", facts.allowed, facts.online);
  if (facts.cgroup.cpus > 0 && facts.cgroup.cpus + 0.5 < facts.allowed) {
    return note("machine.cores",
                fmt::format("{}, but a control group gives the time of {:.1f}", text, facts.cgroup.cpus),
                fmt::format("kiln run -n {}, or ask for more (a container's --cpus)",
                            std::max<std::uint64_t>(1, static_cast<std::uint64_t>(facts.cgroup.cpus))));
  }
  if (facts.allowed < facts.online) {
    return note("machine.cores", text + ": this shell is bound to them",
                "taskset -p $$ shows how; in a Slurm job ask for more (--cpus-per-task, --exclusive)");
  }
  return good("machine.cores", text + "; mpirun is told to bind nothing");
}

Finding judge_memory(const MachineFacts& facts) {
  const char* check = "machine.memory";
  std::uint64_t usable = facts.available;
  std::string text = fmt::format("memory: {} of {} available", format_size(facts.available), format_size(facts.memory));
  if (facts.memory == 0) return note(check, "the memory of this machine is not known", "free -h");
  if (facts.cgroup.memory != 0 && facts.cgroup.memory < facts.memory) {
    text += fmt::format(", a control group allows {}", format_size(facts.cgroup.memory));
    usable = std::min(usable, facts.cgroup.memory);
  }
  if (usable < kLeastMemory) return bad(check, text, "end something else, or ask for more (Slurm: --mem)");
  if (usable / std::max(1U, facts.allowed) < kLittleMemory) {
    return note(check, text + ": little for a worker on each core",
                "fewer workers (kiln run -n N), or ask for more (Slurm: --mem)");
  }
  return good(check, text);
}

Finding judge_shared_memory(const MachineFacts& facts) {
  if (facts.shared_memory)
    return good("machine.shared_memory", "/dev/shm can be written: ranks of a node talk through it");
  return note("machine.shared_memory", "/dev/shm is missing or cannot be written: ranks use files below TMPDIR instead",
              "mount it (a container: --ipc=host or --shm-size=1g), or let TMPDIR be in memory");
}

Limits read_limits() {
  Limits limits;
  getrlimit(RLIMIT_NOFILE, &limits.files);
  getrlimit(RLIMIT_NPROC, &limits.processes);
  getrlimit(RLIMIT_STACK, &limits.stack);
  getrlimit(RLIMIT_MEMLOCK, &limits.locked);
  getrlimit(RLIMIT_FSIZE, &limits.file_size);
  return limits;
}

Findings judge_limits(const Limits& limits, const MachineFacts& facts, std::uint32_t workers) {
  // mpirun holds some descriptors for each of its ranks; a rank is itself, its helper, its threads and a command.
  const std::uint64_t files = 64 + std::uint64_t{8} * workers, processes = 64 + std::uint64_t{10} * workers;
  Findings found{judge_count("limits.files", "open files", limits.files, files, "-n"),
                 judge_count("limits.processes", "processes", limits.processes, processes, "-u")};
  if (facts.cgroup.processes != 0 && facts.cgroup.processes < processes) {
    found.back() = bad("limits.processes",
                       fmt::format("a control group allows {} processes (this needs about {})",
                                   format_count(facts.cgroup.processes), format_count(processes)),
                       "fewer workers (kiln run -n N), or raise it (a container: --pids-limit)");
  }
  if (limits.stack.rlim_cur < kSmallStack) {
    found.push_back(
        bad("limits.stack", fmt::format("stack: {}", format_size(limits.stack.rlim_cur)), "ulimit -s 8192"));
  } else {
    found.push_back(good("limits.stack", limits.stack.rlim_cur == RLIM_INFINITY
                                             ? "stack: no limit"
                                             : fmt::format("stack: {}", format_size(limits.stack.rlim_cur))));
  }
  const bool locked = limits.locked.rlim_cur == RLIM_INFINITY;
  const std::string memory = locked ? "no limit" : format_size(limits.locked.rlim_cur);
  if (facts.fabric && !locked) {
    found.push_back(note("limits.locked", fmt::format("locked memory: {}; a fast network may want more", memory),
                         "for --fast-network: ulimit -l unlimited, or ask your administrators"));
  } else {
    found.push_back(good("limits.locked", fmt::format("locked memory: {}; TCP and shared memory need none", memory)));
  }
  if (limits.file_size.rlim_cur != RLIM_INFINITY) {
    const std::string text = fmt::format("files may have at most {}", format_size(limits.file_size.rlim_cur));
    found.push_back(limits.file_size.rlim_cur < kSmallFile
                        ? bad("limits.file_size", text + ": results may not fit", "ulimit -f unlimited")
                        : note("limits.file_size", text, "ulimit -f unlimited, if results are larger"));
  }
  return found;
}

}  // namespace kiln::job
