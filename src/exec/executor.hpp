#pragma once

#include "base/interval.hpp"
#include "base/rows.hpp"
#include "protocol/messages.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace kiln::exec {

/// A batch as the executor gets it.
struct Work {
  BatchId id;
  Interval units;
  std::uint32_t attempt = 1;
  Bytes payloads;  ///< as units::Source::append_payloads writes them
};

/// Where a runner puts what became of a claimed interval.
class Results {
 public:
  virtual ~Results() = default;
  /// Rows of the units that succeed are put here, in ascending order of unit, before succeeded() is called for them.
  virtual Rows& rows() = 0;
  virtual void succeeded(Interval units) = 0;
  virtual void failed(protocol::UnitFailure failure) = 0;
};

/// How units are run; one kind of work each. run() is called on the executor thread only.
class Runner {
 public:
  virtual ~Runner() = default;
  virtual const Schema& schema() const = 0;
  /// Runs the units of `claimed` (within work.units) in order and says of each what became of it. An exception that
  /// leaves it ends the rank: failures of units are data, not exceptions.
  virtual void run(const Work& work, Interval claimed, Results& results) = 0;
  /// At most this many units are claimed at a time when a unit takes `unit_seconds` (0: unknown). What is claimed
  /// cannot be taken back. 1 for commands.
  virtual std::uint64_t claim(double unit_seconds) const = 0;
  /// Any thread: end what is running as soon as possible; its units report FailureKind::cancelled. Holds for what runs
  /// now, not for later units.
  virtual void cancel() = 0;
  /// Any thread: send the task signal to what is running.
  virtual void signal() = 0;
};

/// The thread that runs units. Works through submitted batches in order; reports parts. All calls but the
/// constructor's `wake` are made from the main thread and return at once.
class Executor {
 public:
  struct Options {
    Duration report_every = std::chrono::milliseconds(500);  ///< a part is reported at least this often while units end
    std::size_t report_bytes = 1 << 20;                      ///< or when its rows are this large
  };

  /// `wake` is called on the executor thread after a part was put out.
  Executor(std::unique_ptr<Runner> runner, Options options, std::function<void()> wake);
  /// Cancels what runs, drops what waits, joins the thread.
  ~Executor();

  void submit(Work work);
  /// Takes back units that were not claimed: half (the later half of all of them, rounded up) or all. Batches with
  /// nothing left say `last`. Exact: a unit is either given back here or will be reported in a part, never both.
  std::vector<protocol::GivenBack::Piece> take_back(protocol::TakeBack::Share share);
  void cancel();
  void signal_units();
  /// The next finished part, oldest first; false when there is none. Exactly one part or piece of a batch says `last`.
  bool poll(protocol::Part& part);
  /// A std::exception left the runner (a fault of kiln's own or of user code outside a unit): its text; "" otherwise.
  std::string fault() const;

 private:
  // Private state: the builder's choice.
};

}  // namespace kiln::exec
