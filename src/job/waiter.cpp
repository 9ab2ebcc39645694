#include "job/waiter.hpp"

#include "job/clock.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <kiln/error.hpp>
#include <utility>

namespace kiln::job {
namespace {

// Looks without sleep after something was done: messages in answer to ours come within microseconds, and a processor
// that has gone idle takes longer than that to wake. Batches take milliseconds: this is a small share of them.
constexpr Duration kSpin = std::chrono::microseconds(50);
constexpr unsigned kTurnsUnasked = 32;  // a turn of a busy loop takes microseconds
constexpr Duration kShortest = std::chrono::microseconds(20);

int checked(int descriptor, const char* call) {
  if (descriptor >= 0) return descriptor;
  throw Error(ExitCode::internal, fmt::format("{} failed: {}", call, std::strerror(errno)));
}

}  // namespace

Waiter::Waiter(const std::vector<int>& signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  event_ = checked(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC), "eventfd");
  signals_ = checked(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC), "signalfd");
}

Waiter::~Waiter() {
  ::close(event_);
  ::close(signals_);
}

void Waiter::wake() {
  woken_ = true;
  if (!sleeping_) return;  // it looks at woken_ before it sleeps
  const std::uint64_t one = 1;
  // Full means that a wake is already on its way.
  [[maybe_unused]] const ssize_t written = ::write(event_, &one, sizeof one);
}

void Waiter::pause(Duration longest) {
  const Instant at = now();
  if (turns_ == 0) spin_until_ = at + kSpin;
  ++turns_;
  if (at < spin_until_) {
    sched_yield();
    return;
  }
  const unsigned doubling = std::min(sleeps_++ / 8, 12U);
  sleep(std::min(longest, kShortest * (1U << doubling)));
}

void Waiter::sleep(Duration time) {
  // 1 us: by default a sleep of 20 us takes 70. Not sooner: a launcher, which never sleeps here, would hand it on to
  // mpirun and to every command.
  if (!std::exchange(sharp_, true)) prctl(PR_SET_TIMERSLACK, 1000UL);
  std::array<pollfd, 2> waits{{{event_, POLLIN, 0}, {signals_, POLLIN, 0}}};
  const timespec most{time.count() / 1'000'000'000, time.count() % 1'000'000'000};
  sleeping_ = true;
  const bool ready = !woken_ && ::ppoll(waits.data(), waits.size(), &most, nullptr) > 0;
  sleeping_ = false;
  if (woken_.exchange(false)) reset();
  if (ready && waits[1].revents != 0) unasked_ = kTurnsUnasked;
  if (ready && (waits[0].revents & POLLIN) != 0) {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t drained = ::read(event_, &count, sizeof count);
  }
}

std::vector<int> Waiter::take_signals_sometimes() {
  if (++unasked_ < kTurnsUnasked) return {};
  unasked_ = 0;
  return take_signals();
}

std::vector<int> Waiter::take_signals() {
  std::vector<int> caught;
  signalfd_siginfo info{};
  while (::read(signals_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    caught.push_back(static_cast<int>(info.ssi_signo));
    if (first_.signal == 0) first_ = {caught.back(), static_cast<int>(info.ssi_pid)};
  }
  return caught;
}

}  // namespace kiln::job
