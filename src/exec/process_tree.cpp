#include "exec/process_tree.hpp"

#include "exec/fd.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>

namespace kiln::exec {
namespace {

using Clock = std::chrono::steady_clock;

struct Process {
  pid_t pid;
  pid_t parent;
};

/// Parent of a process; -1 when it is gone or a zombie.
pid_t parent_of(const char* pid) {
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%s/stat", pid);
  const Fd file(open(path, O_RDONLY | O_CLOEXEC));
  char text[512];
  const ssize_t got = file ? read(file.get(), text, sizeof text - 1) : -1;
  if (got <= 0) return -1;
  text[got] = 0;
  const char* after_name = std::strrchr(text, ')');  // the name may hold anything, a ')' too
  char state = 0;
  int parent = -1;
  if (after_name == nullptr || std::sscanf(after_name + 1, " %c %d", &state, &parent) != 2) return -1;
  return state == 'Z' || state == 'X' ? -1 : parent;
}

std::vector<Process> all_processes() {
  std::vector<Process> processes;
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(opendir("/proc"), closedir);
  if (folder == nullptr) return processes;
  while (const dirent* entry = readdir(folder.get())) {
    if (entry->d_name[0] < '1' || entry->d_name[0] > '9') continue;
    const pid_t parent = parent_of(entry->d_name);
    if (parent > 0) processes.push_back({static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10)), parent});
  }
  return processes;
}

// Of all threads of a process.
std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> children;
  const std::string folder = "/proc/" + std::to_string(parent) + "/task";
  const std::unique_ptr<DIR, int (*)(DIR*)> threads(opendir(folder.c_str()), closedir);
  if (threads == nullptr) return children;
  while (const dirent* entry = readdir(threads.get())) {
    if (entry->d_name[0] == '.') continue;
    std::ifstream list(folder + "/" + entry->d_name + "/children");
    for (pid_t child = 0; list >> child;) children.push_back(child);
  }
  return children;
}

std::uint64_t resident_pages(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  std::uint64_t all = 0, resident = 0;
  file >> all >> resident;
  return resident;
}

/// Waits until a child ends or the time is over.
void wait_for_child(int child_signals, Duration most) {
  pollfd wanted{child_signals, POLLIN, 0};
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(most).count();
  if (poll(&wanted, 1, static_cast<int>(std::max<std::int64_t>(milliseconds, 0))) > 0) {
    signalfd_siginfo info;
    while (read(child_signals, &info, sizeof info) > 0) {
    }
  }
}

}  // namespace

std::vector<pid_t> descendants() {
  const std::vector<Process> processes = all_processes();
  std::vector<pid_t> found;
  pid_t parent = getpid();
  for (std::size_t looked = 0;; parent = found[looked++]) {
    for (const Process& process : processes) {
      if (process.parent == parent) found.push_back(process.pid);
    }
    if (looked == found.size()) return found;
  }
}

std::uint64_t resident_bytes() {
  static const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  std::uint64_t pages = 0;
  std::vector<pid_t> found = children_of(getpid());
  for (std::size_t looked = 0; looked < found.size(); ++looked) {
    pages += resident_pages(found[looked]);
    const std::vector<pid_t> more = children_of(found[looked]);
    found.insert(found.end(), more.begin(), more.end());
  }
  return pages * page;
}

bool signal_descendants(int signal) {
  const std::vector<pid_t> found = descendants();
  bool sent = found.empty();
  for (const pid_t pid : found) sent = kill(pid, signal) == 0 || errno == ESRCH || sent;
  return sent;
}

bool reap_children() {
  while (true) {
    const pid_t pid = waitpid(-1, nullptr, WNOHANG);
    if (pid == 0) return true;
    if (pid < 0 && errno != EINTR) return false;
  }
}

bool end_descendants(int child_signals, Duration patience) {
  constexpr Duration kLongest = std::chrono::seconds(2);
  constexpr Duration kStep = std::chrono::milliseconds(20);
  if (patience > Duration::zero() && reap_children()) {
    signal_descendants(SIGTERM);
    signal_descendants(SIGCONT);
    const auto until = Clock::now() + patience;
    while (reap_children() && Clock::now() < until) wait_for_child(child_signals, until - Clock::now());
  }
  const auto until = Clock::now() + kLongest;
  while (reap_children()) {
    if (!signal_descendants(SIGKILL) || Clock::now() >= until) return false;
    wait_for_child(child_signals, kStep);
  }
  return true;
}

}  // namespace kiln::exec
