#pragma once

#include <sys/types.h>
#include <sys/uio.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

/// What a rank and its helper say to each other over their socket pair. Both are one program, so plain structures do.
namespace kiln::exec {

enum class OrderKind : std::uint32_t { setup = 1, run = 2, cancel = 3, signal = 4, give_up = 5 };

inline constexpr std::int64_t kTimeoutOfSetup = -1;

/// Rank to helper; `size` bytes follow: an encoded CommandSetup, or the unit's own variables (`environment_size` bytes,
/// each NAME=value ended by a NUL) and the text of its command.
struct OrderHeader {
  OrderKind kind = OrderKind::run;
  std::uint32_t attempt = 1;
  std::uint64_t serial = 0;  ///< names the command; a cancel, signal or give-up is for the one with its serial only
  std::uint64_t unit = 0;
  std::int64_t timeout = kTimeoutOfSetup;  ///< ns, of this try; 0: none
  std::uint64_t environment_size = 0;
  std::uint64_t size = 0;
};

/// How a command ended.
enum class Ending : std::uint8_t { exited, signaled, timed_out, cancelled, not_started, over_memory, helper_killed };
/// Where a command that was not started got stuck.
enum class Step : std::uint8_t { none, directory, pipe, fork, shell, output_file };

/// Helper to rank, one for each run; the two outputs as kept and the two tails follow.
struct ReplyHeader {
  std::uint64_t serial = 0;
  Ending ending = Ending::exited;
  Step step = Step::none;
  bool stdout_cut = false;
  bool stderr_cut = false;
  std::int32_t error = 0;       ///< errno of `step`
  std::int32_t exit_code = -1;  ///< -1: ended by a signal, or not started
  std::int32_t signal = -1;     ///< -1: not ended by one
  /// The stream (OutputStream) whose file could not be written, and errno; 0: none. Of a command that ran, or of one
  /// that was not started for it.
  std::uint8_t file_stream = 0;
  std::int32_t file_error = 0;
  double start = 0;  ///< Unix seconds UTC
  double seconds = 0;
  double user_seconds = 0;
  double system_seconds = 0;
  std::int64_t max_rss = 0;  ///< bytes
  std::uint64_t stdout_size = 0;
  std::uint64_t stderr_size = 0;
  std::uint64_t stdout_tail_size = 0;  ///< 0 where no column looks at the stream
  std::uint64_t stderr_tail_size = 0;
};

/// A page that both share.
struct HelperPage {
  std::atomic<std::uint64_t> beats = 0;  ///< grows while the rank lives
  std::atomic<pid_t> group = 0;          ///< process group of the command that runs; 0: none
  std::atomic<pid_t> helper = 0;         ///< 0: there is none now
  /// How many helpers were killed before this one; what they were set up with is gone with them.
  std::atomic<std::uint32_t> generation = 0;
  std::atomic<std::uint64_t> serial = 0;    ///< of the command that runs; 0: none
  std::atomic<double> began = 0;            ///< when it did; Unix seconds UTC
  std::atomic<std::uint64_t> answered = 0;  ///< the last command whose whole reply the rank has
  std::atomic<bool> replying = false;       ///< a reply is being sent
};

inline constexpr int kHelperSocket = 3;  ///< where keeper and helper have it
inline constexpr int kHelperFailed = 70;
inline constexpr const char* kHelperName = "kiln-helper";  ///< of both processes

/// Sends all of it; false when the other side is gone. Changes the vector's entries.
bool send_all(int socket, iovec* parts, std::size_t count);

}  // namespace kiln::exec
