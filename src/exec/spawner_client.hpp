#pragma once

#include "exec/command_setup.hpp"
#include "exec/fd.hpp"
#include "exec/spawn_wire.hpp"

#include <sys/types.h>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

namespace kiln::exec {

/// What became of a command. The outputs are valid until the next run.
struct CommandResult {
  ReplyHeader header;
  std::string_view out;
  std::string_view err;
  std::string_view whole_out;  ///< not cut to what is kept; "" where no column looks at it (kLookedAt: the most)
  std::string_view whole_err;
};

/// A command as the helper gets it.
struct UnitOrder {
  UnitId unit;
  std::uint32_t attempt = 1;
  std::string_view command;
  std::string_view environment = {};     ///< variables of its own, each NAME=value ended by a NUL; none that the
                                         ///< set-up has
  std::optional<Duration> timeout = {};  ///< instead of the set-up's; zero: none
};

/// A rank's side of its helper, the process that runs its commands. Where a command kills it, the command has failed
/// (Ending::helper_killed), and the next one has another helper.
class SpawnerClient {
 public:
  struct Options {
    /// The helper ends what it runs when the rank has not beaten for this long; counted from the first beat on.
    Duration silence = std::chrono::seconds(60);
    /// A rank whose helper can no longer be had ends as if it had been killed: others do its work, or the launcher
    /// starts again. Otherwise run() and finish() throw.
    bool ends_rank = false;
  };

  /// Forks the helper: to be called first of all in main, before MPI_Init and before there are threads. Throws
  /// kiln::Error (internal) where that fails.
  static std::unique_ptr<SpawnerClient> start(Options options);
  static std::unique_ptr<SpawnerClient> start() { return start(Options()); }
  /// The helper ends all it started and leaves; waits for that.
  ~SpawnerClient();
  SpawnerClient(const SpawnerClient&) = delete;
  SpawnerClient& operator=(const SpawnerClient&) = delete;

  /// Before the first run; counts for the runs after it.
  void set_up(const CommandSetup& setup);
  /// Runs a command and waits for its end. One thread at a time. Throws kiln::Error (internal) when the helper can no
  /// longer be had.
  CommandResult run(const UnitOrder& order);
  CommandResult run(UnitId unit, std::uint32_t attempt, std::string_view command) {
    return run(UnitOrder{unit, attempt, command});
  }
  /// Splits run in two: after begin(), cancel() and signal() hold for this command. What `order` refers to lives until
  /// finish() has returned.
  void begin(const UnitOrder& order);
  CommandResult finish();

  /// Any thread, at any time: hold for the command that runs now; nothing happens when none does.
  void cancel();
  void signal();
  /// As cancel(), but with all of the grace between SIGTERM and SIGKILL, unless cancel() follows.
  void give_up();
  /// Any thread: the rank lives. Costs nothing; to be called several times within `silence`.
  void beat() noexcept { page_->beats.fetch_add(1, std::memory_order_relaxed); }

  /// The helper's keeper, which begins another where a helper was killed.
  pid_t keeper() const { return keeper_; }

 private:
  SpawnerClient(Fd socket, pid_t keeper, HelperPage* page, bool ends_rank);

  void order(OrderKind kind);
  void say(OrderKind kind);
  void send_order();
  CommandResult receive_reply();
  void send_setup();
  bool send(const OrderHeader& header, std::string_view environment, std::string_view body);
  void receive(std::size_t least);
  [[noreturn]] void helper_died();

  Fd socket_;
  pid_t keeper_;
  HelperPage* page_;
  bool reaped_ = false;
  bool ends_rank_;
  std::mutex sending_;
  Bytes setup_;
  UnitOrder order_;               // its texts live until finish()
  std::vector<OrderKind> said_;   // about it
  std::uint32_t generation_ = 0;  // of the helper that has the set-up
  std::uint64_t serial_ = 0;      // of the last command
  bool running_ = false;          // both guarded by sending_
  std::vector<char> buffer_;      // the reply
  std::size_t received_ = 0;
};

}  // namespace kiln::exec
