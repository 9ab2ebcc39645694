#include "exec/helper_keeper.hpp"

#include "exec/process_tree.hpp"
#include "exec/spawner.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

namespace kiln::exec {
namespace {

constexpr int kStepMs = 100;
constexpr int kStepsOfPatience = 30;  // in which the rank beats and its helper is stopped

/// Signals are blocked, not handled, so that a command gets default dispositions without any work.
void take_default_signals() {
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
}

/// Standard streams become /dev/null, the socket kHelperSocket; all other descriptors are closed.
void keep_only(int socket) {
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) _exit(kHelperFailed);
  for (int fd = 0; fd <= 2; ++fd) {
    if (fd == socket) socket = fcntl(socket, F_DUPFD_CLOEXEC, kHelperSocket);
    if (dup2(null, fd) < 0) _exit(kHelperFailed);
  }
  if (socket != kHelperSocket && dup3(socket, kHelperSocket, O_CLOEXEC) < 0) _exit(kHelperFailed);
  closefrom(kHelperSocket + 1);
}

bool rank_is_gone() {
  pollfd socket{kHelperSocket, 0, 0};
  return poll(&socket, 1, 0) > 0 && (socket.revents & POLLHUP) != 0;
}

// A job that is suspended stops all of its processes, one after the other: a helper is only woken beside a rank that
// runs, or that is gone.
void wake_in_time(pid_t helper, const HelperPage& page) {
  std::uint64_t seen = page.beats;
  for (int beaten = 0; beaten < kStepsOfPatience && !rank_is_gone();) {
    poll(nullptr, 0, kStepMs);
    siginfo_t info{};
    if (waitid(P_PID, static_cast<id_t>(helper), &info, WEXITED | WCONTINUED | WNOHANG | WNOWAIT) != 0) return;
    if (info.si_pid == helper) return;
    const std::uint64_t beats = page.beats;
    if (beats != seen) ++beaten;
    seen = beats;
  }
  kill(helper, SIGCONT);
}

int wait_for_end(pid_t helper, const HelperPage& page) {
  while (true) {
    int status = 0;
    const pid_t ended = waitpid(helper, &status, WUNTRACED);
    if (ended < 0 && errno == EINTR) continue;
    if (ended < 0) _exit(kHelperFailed);
    if (!WIFSTOPPED(status)) return status;
    wake_in_time(helper, page);
  }
}

// What it ran has ended with it: for the rank that is the answer. False where half of another may be on its way.
bool answer(HelperPage& page, int signal) {
  ReplyHeader header;
  header.serial = page.serial.exchange(0);
  if (header.serial == 0 || header.serial == page.answered) return true;
  if (page.replying) return false;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  header.ending = Ending::helper_killed;
  header.signal = signal;
  header.start = page.began;
  header.seconds = std::max(0.0, std::chrono::duration<double>(now).count() - header.start);
  iovec part{&header, sizeof header};
  return send_all(kHelperSocket, &part, 1);
}

[[noreturn]] void serve(HelperPage& page, Duration silence, pid_t keeper) {
  setsid();
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != keeper) _exit(kHelperFailed);
  closefrom(kHelperSocket + 1);
  Spawner::serve_in_this_process(kHelperSocket, page, silence);
}

}  // namespace

void keep_helper(int socket, HelperPage& page, Duration silence) {
  take_default_signals();
  setsid();
  prctl(PR_SET_NAME, kHelperName);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_PDEATHSIG, 0);
  keep_only(socket);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  const int children = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  if (children < 0) _exit(kHelperFailed);
  const pid_t keeper = getpid();
  while (true) {
    const pid_t helper = fork();
    if (helper < 0) _exit(kHelperFailed);
    if (helper == 0) serve(page, silence, keeper);
    page.helper.store(helper);
    const int status = wait_for_end(helper, page);
    page.helper.store(0);
    if (!WIFSIGNALED(status)) _exit(WEXITSTATUS(status));
    end_descendants(children, Duration::zero());
    page.group.store(0);
    ++page.generation;
    if (!answer(page, WTERMSIG(status))) _exit(kHelperFailed);
    page.replying = false;
  }
}

}  // namespace kiln::exec
