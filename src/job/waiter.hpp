#pragma once

#include "base/time.hpp"

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
  /// Nothing was to be done: sleeps a little longer than the last time, at most `longest`.
  void pause(Duration longest);
  /// Something was done: the next pause is short again.
  void reset() { turns_ = 0; }
  /// Signals that came in since the last call.
  std::vector<int> take_signals();

 private:
  int event_ = -1;
  int signals_ = -1;
  unsigned turns_ = 0;
  bool sharp_ = false;  // short sleeps of this thread are short
};

}  // namespace kiln::job
