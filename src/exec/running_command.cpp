#include "exec/running_command.hpp"

#include "exec/process_tree.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>

namespace kiln::exec {
namespace {

/// What a unit left behind gets this long between SIGTERM and SIGKILL.
constexpr Duration kLeftoverPatience = std::chrono::milliseconds(100);
/// What is cancelled has had its grace already, or there is no time (but for what is given up): this long between
/// SIGTERM and SIGKILL.
constexpr Duration kCancelPatience = std::chrono::seconds(1);
/// SIGKILL is repeated, for processes that were being born.
constexpr Duration kKillAgain = std::chrono::milliseconds(200);
/// Whoever ends a whole job (Slurm: scancel, a requeue) sends SIGTERM to all of its processes, this one and the
/// command, in any order.
constexpr Duration kTermPatience = std::chrono::milliseconds(300);
/// At the memory of what runs.
constexpr Duration kLookEvery = std::chrono::milliseconds(100);
/// Far enough for no deadline, near enough for no overflow.
constexpr Duration kNever = std::chrono::hours(24 * 365);

// Whether SIGTERM has come to this process, or comes within that time; forgets it. It is blocked in the helper.
bool told_to_end(Duration patience) {
  sigset_t term;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  const timespec wait{0, std::chrono::nanoseconds(patience).count()};
  return sigtimedwait(&term, nullptr, &wait) == SIGTERM;
}

bool ended_by_term(int status) {
  constexpr int kOfShell = 128 + SIGTERM;
  return (WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) || (WIFEXITED(status) && WEXITSTATUS(status) == kOfShell);
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

}  // namespace

RunningCommand::RunningCommand(Surroundings around, std::uint64_t serial, pid_t pid, Clock::time_point start)
    : around_(around),
      serial_(serial),
      pid_(pid),
      start_(start),
      look_(start + (around.setup.needs.memory == 0 ? kNever : kLookEvery)),
      next_(start + std::min(around.timeout.value_or(kNever), kNever)) {}

void RunningCommand::forget_ends() { told_to_end(Duration::zero()); }

void RunningCommand::wait_for_end() {
  around_.rank.restart();
  obey();  // orders for this command may have come together with it
  while (!over()) wait_once();
  if (!childless_) {
    // Read first: who is ended here may still write, and what it writes then is not the unit's.
    around_.streams.out.finish();
    around_.streams.err.finish();
    end_descendants(around_.child_signals, phase_ == Phase::running ? kLeftoverPatience : Duration::zero());
  }
  around_.streams.out.finish();
  around_.streams.err.finish();
  const bool failed = !WIFEXITED(status_) || WEXITSTATUS(status_) != 0;
  if (failed && cause_ == Cause::none && told_to_end(ended_by_term(status_) ? kTermPatience : Duration::zero())) {
    cause_ = Cause::cancel;
  }
}

bool RunningCommand::over() {
  // While a stream is open the process very likely lives: asking costs a system call.
  const bool streams_ended = around_.streams.out.fd() < 0 && around_.streams.err.fd() < 0;
  if (!ended_ && streams_ended) reap();
  return ended_ && (childless_ || phase_ != Phase::terminating);
}

void RunningCommand::reap() {
  while (true) {
    int status = 0;
    rusage usage{};
    const pid_t pid = wait4(-1, &status, WNOHANG, &usage);
    if (pid < 0 && errno == EINTR) continue;
    if (pid < 0) childless_ = true;
    if (pid <= 0) return;
    if (pid != pid_ || ended_) continue;
    ended_ = true;
    status_ = status;
    usage_ = usage;
    end_ = Clock::now();
  }
}

void RunningCommand::wait_once() {
  pollfd waits[] = {{around_.orders.closed() ? -1 : around_.orders.fd(), POLLIN, 0},  // negative: skipped
                    {around_.child_signals, POLLIN, 0},
                    {around_.streams.out.fd(), POLLIN, 0},
                    {around_.streams.err.fd(), POLLIN, 0}};
  const Duration left =
      std::clamp<Duration>(std::min(next_, look_) - Clock::now(), Duration::zero(), around_.rank.step());
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(left);
  const timespec timeout{whole.count(), static_cast<long>((left - whole).count())};
  const int ready = ppoll(waits, std::size(waits), &timeout, nullptr);
  if (ready > 0) {
    if (waits[2].revents != 0) around_.streams.out.on_poll(waits[2].revents);
    if (waits[3].revents != 0) around_.streams.err.on_poll(waits[3].revents);
    if (waits[1].revents != 0) {
      signalfd_siginfo info;
      if (read(around_.child_signals, &info, sizeof info) < 0 && errno != EAGAIN && errno != EINTR) _exit(70);
      reap();
    }
    if (waits[0].revents != 0) {
      around_.orders.receive();
      obey();
    }
  }
  check_time();
}

void RunningCommand::obey() {
  while (const auto order = around_.orders.next()) {
    if (order->header.serial != serial_) continue;
    if (order->header.kind == OrderKind::cancel) {
      terminate(Cause::cancel, std::min(around_.setup.grace, kCancelPatience));
    }
    if (order->header.kind == OrderKind::give_up) terminate(Cause::cancel, around_.setup.grace);
    if (order->header.kind == OrderKind::signal && !ended_) kill(-pid_, around_.setup.task_signal);
  }
}

void RunningCommand::check_time() {
  if (phase_ != Phase::killed && (around_.orders.closed() || around_.rank.silent())) {
    if (cause_ == Cause::none) cause_ = Cause::cancel;
    kill_all();
  }
  check_memory();
  if (Clock::now() < next_) return;
  if (phase_ == Phase::running) {
    terminate(Cause::timeout, around_.setup.grace);
  } else {
    kill_all();
  }
}

// At once: what is left of the machine's memory may be little.
void RunningCommand::check_memory() {
  if (Clock::now() < look_) return;
  look_ = Clock::now() + kLookEvery;
  if (phase_ == Phase::killed || ended_ || resident_bytes() <= around_.setup.needs.memory) return;
  if (cause_ == Cause::none) cause_ = Cause::memory;
  kill_all();
}

void RunningCommand::terminate(Cause cause, Duration grace) {
  const Clock::time_point then = Clock::now() + std::min(grace, kNever);
  if (phase_ == Phase::terminating && cause_ == Cause::cancel) next_ = std::min(next_, then);
  if (phase_ != Phase::running || ended_) return;
  cause_ = cause;
  phase_ = Phase::terminating;
  next_ = then;
  kill(-pid_, SIGTERM);
  kill(-pid_, SIGCONT);
}

void RunningCommand::kill_all() {
  phase_ = Phase::killed;
  next_ = Clock::now() + kKillAgain;
  // The group's number stays ours while the main process is not reaped.
  if (!ended_) kill(-pid_, SIGKILL);
  signal_descendants(SIGKILL);
}

void RunningCommand::describe(ReplyHeader& reply) const {
  if (WIFEXITED(status_)) {
    reply.ending = Ending::exited;
    reply.exit_code = WEXITSTATUS(status_);
  } else {
    reply.ending = Ending::signaled;
    reply.signal = WTERMSIG(status_);
  }
  if (cause_ == Cause::timeout) reply.ending = Ending::timed_out;
  if (cause_ == Cause::cancel) reply.ending = Ending::cancelled;
  if (cause_ == Cause::memory) reply.ending = Ending::over_memory;
  reply.seconds = std::chrono::duration<double>(end_ - start_).count();
  reply.user_seconds = seconds_of(usage_.ru_utime);
  reply.system_seconds = seconds_of(usage_.ru_stime);
  reply.max_rss = static_cast<std::int64_t>(usage_.ru_maxrss) * 1024;
}

}  // namespace kiln::exec
