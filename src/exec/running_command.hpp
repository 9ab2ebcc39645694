#pragma once

#include "exec/capture.hpp"
#include "exec/command_setup.hpp"
#include "exec/order_socket.hpp"
#include "exec/rank_watch.hpp"

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <optional>

namespace kiln::exec {

/// One command, from after its start to its end, with everything it started. In the helper only.
class RunningCommand {
 public:
  struct Streams {
    Capture out, err;
  };
  struct Surroundings {
    OrderSocket& orders;
    int child_signals;  ///< a signalfd of SIGCHLD
    RankWatch& rank;
    Streams& streams;
    const CommandSetup& setup;
    std::optional<Duration> timeout;  ///< of this try
  };

  /// The process was just started at this time, as the leader of its group.
  RunningCommand(Surroundings around, std::uint64_t serial, pid_t pid, std::chrono::steady_clock::time_point start);

  /// Before a command is started: that this process was told to end has to do with those before it.
  static void forget_ends();

  /// Returns when the main process has ended, what was in the pipes is read and nothing it started is left (but see
  /// end_descendants). A SIGTERM that kiln sent gives all of its group the grace. Obeys orders meanwhile; ends all at
  /// once when the rank is gone or silent. A command that fails when this process was told to end, too (SIGTERM to the
  /// whole job), counts as cancelled.
  void wait_for_end();
  /// Ending, codes, times and usage.
  void describe(ReplyHeader& reply) const;

 private:
  using Clock = std::chrono::steady_clock;
  enum class Phase { running, terminating, killed };
  enum class Cause { none, timeout, cancel, memory };

  bool over();
  void reap();
  void wait_once();
  void obey();
  void check_time();
  void check_memory();
  void terminate(Cause cause, Duration grace);
  void kill_all();

  Surroundings around_;
  std::uint64_t serial_;
  pid_t pid_;
  Clock::time_point start_;
  Clock::time_point look_;  // at its memory
  Clock::time_point next_;  // timeout, end of grace or next SIGKILL, as the phase is
  Phase phase_ = Phase::running;
  Cause cause_ = Cause::none;
  bool ended_ = false;  // the main process
  bool childless_ = false;
  int status_ = 0;
  Clock::time_point end_;
  rusage usage_{};
};

}  // namespace kiln::exec
