#include "exec/program_output.hpp"

#include "exec/fd.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>

namespace kiln::exec {
namespace {

constexpr std::size_t kMostOutput = 1 << 20;
constexpr int kPollMilliseconds = 20;
constexpr std::chrono::seconds kGrace(5);  // between SIGTERM and SIGKILL

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));  // NOLINT: as exec wants it
  all.push_back(nullptr);
  return all;
}

class Spawning {
 public:
  Spawning() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
  }
  ~Spawning() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  Spawning(const Spawning&) = delete;
  Spawning& operator=(const Spawning&) = delete;

  // The error number, 0 when it runs.
  int start(pid_t& pid, const std::vector<std::string>& words, const std::vector<std::string>& environment, int out) {
    posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions_, out, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, out, STDERR_FILENO);
    sigset_t none, usual;
    sigemptyset(&none);
    sigemptyset(&usual);
    for (const int signal : {SIGPIPE, SIGCHLD, SIGINT, SIGTERM}) sigaddset(&usual, signal);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &usual);
    posix_spawnattr_setpgroup(&attributes_, 0);
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    const std::vector<char*> arguments = pointers(words), variables = pointers(environment);
    return posix_spawn(&pid, words[0].c_str(), &actions_, &attributes_, arguments.data(), variables.data());
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

void drain(int fd, std::string& output) {
  std::array<char, 16384> buffer{};
  ssize_t got = 0;
  while ((got = ::read(fd, buffer.data(), buffer.size())) > 0 || (got < 0 && errno == EINTR)) {
    if (got > 0 && output.size() < kMostOutput) output.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

ProgramEnd run_program(const std::vector<std::string>& words, const std::vector<std::string>& environment,
                       Duration deadline, const std::function<bool()>& cancelled) {
  using Clock = std::chrono::steady_clock;
  ProgramEnd end;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    end.error = errno;
    return end;
  }
  const Fd in(ends[0]);
  Fd out(ends[1]);
  ::fcntl(in.get(), F_SETFL, O_NONBLOCK);
  pid_t pid = -1;
  end.error = Spawning().start(pid, words, environment, out.get());
  out.reset();
  if (end.error != 0) return end;

  Clock::time_point kill_at = Clock::time_point::max();
  const Clock::time_point late_at = Clock::now() + deadline;
  int status = 0;
  pid_t got = 0;
  while ((got = ::waitpid(pid, &status, WNOHANG)) == 0 || (got < 0 && errno == EINTR)) {
    pollfd wait{in.get(), POLLIN, 0};
    ::poll(&wait, 1, kPollMilliseconds);
    if ((wait.revents & POLLHUP) != 0) ::poll(nullptr, 0, kPollMilliseconds);  // closed, but it lives
    drain(in.get(), end.output);
    const Clock::time_point now = Clock::now();
    if (kill_at == Clock::time_point::max()) {
      end.cancelled = cancelled && cancelled();
      end.late = now >= late_at;
      if (!end.cancelled && !end.late) continue;
      ::kill(-pid, SIGTERM);
      kill_at = now + kGrace;
    } else if (now >= kill_at) {
      ::kill(-pid, SIGKILL);
    }
  }
  drain(in.get(), end.output);
  if (got == pid && WIFEXITED(status) && !end.late && !end.cancelled) end.exit_code = WEXITSTATUS(status);
  return end;
}

}  // namespace kiln::exec
