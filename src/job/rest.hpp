#pragma once

#include "job/waiter.hpp"
#include "net/transport.hpp"

#include <algorithm>
#include <csignal>

/// How the main threads of all ranks wait.
namespace kiln::job {

inline constexpr Duration kLongestPause = std::chrono::milliseconds(1);
inline constexpr Duration kPauseUnderWay = std::chrono::microseconds(20);
// While nobody needs this rank, its looks would only take the processor from units: a wake costs 20 to 30 us. They come
// in an eighth of the time after which somebody may need it, so that what comes unexpected waits little.
inline constexpr Duration kLongestCalm = std::chrono::milliseconds(10);
inline constexpr int kLooksWhileCalm = 8;

/// USR1 is what launchers and schedulers send to ask for an end; TERM and INT leave no time to wait for units.
inline bool leaves_no_time(int signal) { return signal != SIGUSR1; }

/// Nothing was to be done. `looks`: something moves on only while this rank looks; calm(): nobody needs it for so long,
/// which takes a lock to find out, and is not asked while messages come and go.
template <class Calm>
void rest(Waiter& waiter, const net::Transport& transport, bool looks, const Calm& calm) {
  if (looks || transport.under_way()) return waiter.pause(kPauseUnderWay);
  if (const Duration sleep = std::min<Duration>(calm() / kLooksWhileCalm, kLongestCalm); sleep > kLongestPause) {
    waiter.sleep(sleep);
  } else {
    waiter.pause(kLongestPause);
  }
}

}  // namespace kiln::job
