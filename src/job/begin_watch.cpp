#include "job/begin_watch.hpp"

#include "job/launch_word.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>

namespace kiln::job {
namespace {

constexpr int kPipe = STDERR_FILENO + 1;

// The program may have threads already: nothing here but what a signal handler may do.
[[noreturn]] void watch(int pipe, const std::string& words) {
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  ::prctl(PR_SET_NAME, "kiln-helper");  // as whoever looks for ranks passes over it
  if (pipe != kPipe && ::dup2(pipe, kPipe) < 0) ::_exit(1);
  ::close(STDIN_FILENO);
  ::close(STDOUT_FILENO);
  ::close_range(kPipe + 1, ~0U, 0);
  char none = 0;
  ssize_t got = 0;
  while ((got = ::read(kPipe, &none, 1)) < 0 && errno == EINTR) {
  }
  if (got == 0) [[maybe_unused]]
    const ssize_t done = ::write(STDERR_FILENO, words.data(), words.size());
  ::_exit(0);
}

}  // namespace

BeginWatch::BeginWatch(const Environment& environment) {
  std::array<int, 2> ends{};
  if (!environment.launched() || ::pipe2(ends.data(), O_CLOEXEC) != 0) return;
  const std::string words = launch_word(environment.launch_id, 0, Says::rank_lost) + "\n";
  watcher_ = ::fork();
  if (watcher_ == 0) watch(ends[0], words);
  ::close(ends[0]);
  rank_lives_ = ends[1];
}

// It is killed, not told: it may be stopped.
void BeginWatch::end() {
  if (watcher_ > 0) {
    ::kill(watcher_, SIGKILL);
    while (::waitpid(watcher_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  if (rank_lives_ >= 0) ::close(rank_lives_);
  watcher_ = rank_lives_ = -1;
}

}  // namespace kiln::job
