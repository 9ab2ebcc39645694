#pragma once

#include "base/time.hpp"

#include <atomic>
#include <vector>

namespace kiln::job {

/// The main thread's sleep: MPI gives no event to wait for, so it looks again after a pause that grows; other threads
/// and signals wake it at once.
class Waiter {
 public:
  /// Blocks these signals in the calling thread (call before any other thread is started) and reads them itself.
  explicit Waiter(const std::vector<int>& signals);
  ~Waiter();
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  /// Any thread: ends the main thread's sleep, or its next one.
  void wake();
  /// Nothing was to be done: looks again at once for a while, then sleeps a little longer each time, at most `longest`.
  void pause(Duration longest);
  /// Nobody is waiting for this rank: sleeps so long at once, unless it is woken.
  void sleep(Duration time);
  /// Something was done: the next pause is short again.
  void reset() { turns_ = sleeps_ = 0; }
  /// Signals that came in since the last call.
  std::vector<int> take_signals();
  /// The first of all that were taken, and the process that sent it; 0 where none was.
  struct Caught {
    int signal = 0, sender = 0;
  };
  const Caught& first_signal() const { return first_; }
  /// The same as take_signals() for a loop that turns all the time: asks the system when a pause has seen a signal,
  /// else now and then.
  std::vector<int> take_signals_sometimes();

 private:
  std::atomic<bool> woken_ = false;     // since the last pause
  std::atomic<bool> sleeping_ = false;  // or about to: only then a wake costs a system call
  int event_ = -1;
  int signals_ = -1;
  unsigned turns_ = 0;   // without anything done
  unsigned sleeps_ = 0;  // among them
  Instant spin_until_{};
  Caught first_;
  unsigned unasked_ = 0;  // calls of take_signals_sometimes since it asked
  bool sharp_ = false;    // short sleeps of this thread are short
};

}  // namespace kiln::job
