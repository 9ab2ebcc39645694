#include "exec/launch.hpp"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

#if defined(__GNUC__)
#define KILN_UNSANITIZED __attribute__((no_sanitize("address", "thread", "undefined")))
#else
#define KILN_UNSANITIZED
#endif

namespace kiln::exec {
namespace {

struct ChildFrame {
  const LaunchPlan* plan;
  pid_t helper;
  int error;
};

/// Runs in the new process, in the helper's memory: nothing but system calls.
KILN_UNSANITIZED int child_main(void* argument) {
  auto* frame = static_cast<ChildFrame*>(argument);
  const LaunchPlan& plan = *frame->plan;
  setpgid(0, 0);
  if (plan.group != nullptr) plan.group->store(getpid());
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != frame->helper) _exit(127);  // it died before the line above
  if ((plan.out >= 0 && dup2(plan.out, 1) < 0) || (plan.err >= 0 && dup2(plan.err, 2) < 0)) {
    frame->error = errno;
    _exit(127);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (plan.program != nullptr) execve(plan.program, plan.arguments, plan.environment);
  execve(plan.shell, plan.shell_arguments, plan.environment);
  frame->error = errno;
  _exit(127);
}

constexpr std::size_t kStackBytes = 1 << 16;

}  // namespace

Launched launch(const LaunchPlan& plan) {
  // The child uses this stack until it executes its program; the caller waits meanwhile (CLONE_VFORK).
  alignas(64) static std::byte stack[kStackBytes];
  ChildFrame frame{&plan, getpid(), 0};
  Launched launched;
  launched.pid = clone(child_main, stack + kStackBytes, CLONE_VM | CLONE_VFORK | SIGCHLD, &frame);
  if (launched.pid < 0) return {-1, errno, true};
  if (frame.error == 0) return launched;
  while (waitpid(launched.pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return {-1, frame.error, false};
}

}  // namespace kiln::exec
