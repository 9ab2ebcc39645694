#include "job/launch_processes.hpp"

#include "job/clock.hpp"
#include "job/environment.hpp"
#include "store/small_file.hpp"

#include <kiln/error.hpp>

#include <fmt/core.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>

namespace kiln::job {
namespace {

constexpr Duration kByThemselves = std::chrono::milliseconds(1500);  // ranks end within a second of their mpirun
constexpr Duration kForHelpers = std::chrono::seconds(5);
constexpr Duration kForHelpersAtOnce = std::chrono::seconds(1);
constexpr Duration kForTheRest = std::chrono::seconds(2);
constexpr int kLookMilliseconds = 20;

constexpr const char* kRanksHere = "OMPI_COMM_WORLD_LOCAL_SIZE=";
constexpr std::size_t kMostVariables = std::size_t{64} << 20;

// The number that this variable has; 0 where it has none.
std::uint64_t number_in(const std::string& variables, const std::string& begin) {
  const std::size_t at = ('\0' + variables).find('\0' + begin);
  std::uint64_t number = 0;
  if (at == std::string::npos) return 0;
  const char* const digits = variables.data() + at + begin.size();
  std::from_chars(digits, variables.data() + variables.size(), number);
  return number;
}

bool are_of_launch(const std::string& variables, const std::string& launch_id) {
  const std::string wanted = fmt::format("{}={}", kLaunchIdName, launch_id) + '\0';
  for (std::size_t at = variables.find(wanted); at != std::string::npos; at = variables.find(wanted, at + 1)) {
    if (at == 0 || variables[at - 1] == '\0') return true;
  }
  return false;
}

bool is_of_launch(pid_t pid, const std::string& launch_id) {
  return are_of_launch(read_proc(pid, "environ"), launch_id);
}

// A number is given to another process when this one has ended: the descriptor is not.
void signal_process(pid_t pid, const std::string& launch_id, int signal) {
  const auto descriptor = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (!is_of_launch(pid, launch_id)) {
    if (descriptor >= 0) ::close(descriptor);
    return;
  }
  if (descriptor < 0) {
    ::kill(pid, signal);
    return;
  }
  ::syscall(SYS_pidfd_send_signal, descriptor, signal, nullptr, 0);
  ::close(descriptor);
}

// Until none is left; false at the deadline.
bool wait_for_end(const std::string& launch_id, Duration patience) {
  const Instant until = now() + patience;
  while (true) {
    if (processes_of_launch(launch_id).empty()) return true;
    if (now() >= until) return false;
    ::poll(nullptr, 0, kLookMilliseconds);
  }
}

// Nothing where the system does not tell.
std::optional<std::vector<pid_t>> children_of(pid_t pid) {
  std::error_code failed;
  std::vector<pid_t> children;
  bool known = false;
  const std::string threads = fmt::format("/proc/{}/task", pid);
  for (std::filesystem::directory_iterator at(threads, failed), none; !failed && at != none; at.increment(failed)) {
    std::ifstream file(at->path() / "children");
    known = known || file;
    for (pid_t child = -1; file >> child;) children.push_back(child);
  }
  if (!known) return std::nullopt;
  return children;
}

// The state stands behind the name, which may hold anything. A process that is gone is as one that has ended.
char state_of(pid_t pid) {
  const std::string stat = read_proc(pid, "stat");
  const std::size_t name = stat.rfind(')');
  return name == std::string::npos || name + 2 >= stat.size() ? 'X' : stat[name + 2];
}

bool has_ended(pid_t pid) {
  const char state = state_of(pid);
  return state == 'Z' || state == 'X';
}

void end_all(const std::string& launch_id, bool helpers_too) {
  for (const LaunchProcess& one : processes_of_launch(launch_id)) {
    signal_process(one.pid, launch_id, one.helper && !helpers_too ? SIGCONT : SIGKILL);
  }
}

}  // namespace

std::string read_proc(pid_t pid, const char* name) {
  try {
    return store::read_small_file(fmt::format("/proc/{}/{}", pid, name), kMostVariables).value_or("");
  } catch (const Error&) {
    return "";
  }
}

std::vector<LaunchProcess> processes_of_launch(const std::string& launch_id) {
  std::vector<LaunchProcess> found;
  std::error_code failed;
  for (std::filesystem::directory_iterator at("/proc", failed), none; !failed && at != none; at.increment(failed)) {
    const std::string name = at->path().filename().string();
    pid_t pid = -1;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    const bool is_other = error == std::errc{} && end == name.data() + name.size() && pid != ::getpid();
    if (!is_other) continue;
    const std::string variables = read_proc(pid, "environ");
    if (!are_of_launch(variables, launch_id)) continue;
    const bool helper = read_proc(pid, "comm") == "kiln-helper\n";
    found.push_back({pid, helper, helper ? 0 : number_in(variables, kRanksHere)});
  }
  return found;
}

bool has_stopped_ranks(const std::string& launch_id) {
  return std::ranges::any_of(processes_of_launch(launch_id), [](const LaunchProcess& one) {
    const char state = one.ranks_here == 0 ? 'X' : state_of(one.pid);
    return state == 'T' || state == 't';
  });
}

bool end_launch(const std::string& launch_id, EndLaunch how) {
  const bool at_once = how == EndLaunch::at_once;
  if (!at_once && wait_for_end(launch_id, kByThemselves)) return true;
  end_all(launch_id, false);
  if (wait_for_end(launch_id, at_once ? kForHelpersAtOnce : kForHelpers)) return true;
  end_all(launch_id, true);
  return wait_for_end(launch_id, kForTheRest);
}

std::vector<pid_t> rank_children(pid_t pid, const std::string& launch_id) {
  auto children = children_of(pid).value_or(std::vector<pid_t>());
  std::erase_if(children, [&](pid_t child) {
    const std::string variables = read_proc(child, "environ");  // of one that has ended there is nothing
    return !are_of_launch(variables, launch_id) || number_in(variables, kRanksHere) == 0;
  });
  return children;
}

bool has_children(pid_t pid) {
  const auto children = children_of(pid);
  return !children || !std::ranges::all_of(*children, has_ended);
}

bool has_ended_children(pid_t pid) {
  const auto children = children_of(pid);
  return children && std::ranges::any_of(*children, has_ended);
}

}  // namespace kiln::job
