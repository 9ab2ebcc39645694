#include "job/mpirun_process.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <kiln/error.hpp>
#include <utility>

namespace kiln::job {
namespace {

constexpr int kUnknownEnd = SIGKILL;  // as a wait status: not by itself

[[noreturn]] void fail(const char* call) {
  throw Error(ExitCode::internal, fmt::format("cannot start mpirun: {} failed: {}", call, std::strerror(errno)));
}

// In the child; only what is safe after fork of a process with one thread.
[[noreturn]] void become(char* const* words, char* const* environment, int in, int error, int report, pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(127);
  signal(SIGPIPE, SIG_DFL);
  signal(SIGCHLD, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (dup2(in, STDIN_FILENO) >= 0 && dup2(error, STDERR_FILENO) >= 0) execvpe(words[0], words, environment);
  const int why = errno;
  [[maybe_unused]] const ssize_t written = write(report, &why, sizeof why);
  _exit(127);
}

void wait_for(pid_t pid) {
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

// Whether one of these has the name that this one has.
bool sets(const std::vector<std::string>& environment, std::string_view other) {
  const std::string_view begin = other.substr(0, std::min(other.find('='), other.size() - 1) + 1);
  return std::ranges::any_of(environment, [&](const std::string& one) { return one.starts_with(begin); });
}

}  // namespace

MpirunProcess::MpirunProcess(const std::vector<std::string>& words, const std::vector<std::string>& environment,
                             int standard_input) {
  std::vector<std::string> arguments = words;
  std::vector<std::string> variables = environment;
  for (char** own = environ; *own != nullptr; ++own) {
    if (!sets(environment, *own)) variables.emplace_back(*own);
  }
  const std::vector<char*> argument_pointers = pointers(arguments);
  const std::vector<char*> variable_pointers = pointers(variables);
  std::array<int, 2> error{};
  std::array<int, 2> report{};
  if (pipe2(error.data(), O_CLOEXEC) != 0 || pipe2(report.data(), O_CLOEXEC) != 0) fail("pipe");
  const int in = standard_input >= 0 ? standard_input : open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (in < 0) fail("open of /dev/null");
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ < 0) fail("fork");
  if (pid_ == 0) {
    become(argument_pointers.data(), variable_pointers.data(), in, error[1], report[1], parent);
  }
  close(error[1]);
  close(report[1]);
  if (in != standard_input) close(in);
  error_ = error[0];
  fcntl(error_, F_SETFL, O_NONBLOCK);
  int why = 0;
  ssize_t got = 0;
  do got = read(report[0], &why, sizeof why);
  while (got < 0 && errno == EINTR);
  close(report[0]);
  if (got == static_cast<ssize_t>(sizeof why)) {
    wait_for(pid_);
    close(error_);
    throw Error(ExitCode::internal, fmt::format("cannot start '{}': {}. Install Open MPI (Debian: openmpi-bin) or put "
                                                "its mpirun on the PATH.",
                                                words[0], std::strerror(why)));
  }
}

MpirunProcess::~MpirunProcess() {
  close(error_);  // first: nobody reads what it still says, and it must not wait for that
  if (poll()) return;
  signal(SIGTERM);
  wait_for(pid_);
}

std::vector<std::string> MpirunProcess::read_lines(bool& ended) {
  std::array<char, 16384> buffer{};
  ended = false;
  // More than a pipe holds: all of an ended process's words, and no prison for the caller of one that never pauses.
  for (int reads = 0; reads < 256; ++reads) {
    const ssize_t got = read(error_, buffer.data(), buffer.size());
    if (got > 0) {
      partial_.append(buffer.data(), static_cast<std::size_t>(got));
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    ended = got == 0;
    break;
  }
  std::vector<std::string> lines;
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = partial_.find('\n', begin)) != std::string::npos; begin = end + 1) {
    lines.push_back(partial_.substr(begin, end - begin));
    if (!lines.back().empty() && lines.back().back() == '\r') lines.back().pop_back();
  }
  partial_.erase(0, begin);
  if (ended && !partial_.empty()) lines.push_back(std::exchange(partial_, {}));
  return lines;
}

void MpirunProcess::signal(int number) const {
  if (!status_) kill(pid_, number);
}

void MpirunProcess::kill_group() const {
  if (!status_) kill(-pid_, SIGKILL);
}

std::optional<int> MpirunProcess::poll() {
  if (status_) return status_;
  int status = 0;
  const pid_t got = waitpid(pid_, &status, WNOHANG);
  if (got == pid_) status_ = status;
  if (got < 0 && errno == ECHILD) status_ = kUnknownEnd;  // somebody else has reaped it
  return status_;
}

}  // namespace kiln::job
