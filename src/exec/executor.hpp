#pragma once

#include <kiln/detail/interval.hpp>
#include <kiln/detail/rows.hpp>
#include <kiln/exit_code.hpp>
#include "base/time.hpp"
#include "exec/holdings.hpp"
#include "exec/part_builder.hpp"
#include "exec/results.hpp"
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
  ByteSlice payloads;  ///< as units::Source::append_payloads writes them
  bool copy = false;   ///< its results stay apart until Executor::settle_copy
};

/// How units are run; one kind of work each. run() is called on the executor thread only.
class Runner {
 public:
  virtual ~Runner() = default;
  /// What its rows look like; commands have one table.
  virtual const Tables& tables() const = 0;
  /// For what units give besides rows; null where there is no such thing.
  virtual std::unique_ptr<Harvest> make_harvest() const { return nullptr; }
  /// Of results that grow with each unit: when so many bytes are held (Executor::holdings), or twice the largest part
  /// where that is more, the next units wait until something was written. 0: they never wait.
  virtual std::size_t most_held() const { return 0; }
  /// Runs the units of `claimed` (within work.units) in order and says of each what became of it. An exception that
  /// leaves it ends the rank: failures of units are data, not exceptions.
  virtual void run(const Work& work, Interval claimed, Results& results) = 0;
  /// At most this many units are claimed at a time when a unit takes `unit_seconds` (0: unknown). What is claimed
  /// cannot be taken back. 1 for commands.
  virtual std::uint64_t claim(double unit_seconds) const = 0;
  /// Any thread: end what is running as soon as possible; its units report FailureKind::cancelled. Holds for what runs
  /// now, not for later units.
  virtual void cancel() = 0;
  /// Any thread: as cancel(), but nobody waits for it: what is running has the time that is left to what is ended.
  virtual void give_up() { cancel(); }
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
    bool dyadic = false;  ///< half is given back from a border of the dyadic tree near by (schedule::QueueOptions)
    /// Results of a part that are larger than this stay here until they are taken from holdings().
    std::size_t ride_bytes = SIZE_MAX;
  };

  /// `wake` is called on the executor thread after a part was put out.
  Executor(std::unique_ptr<Runner> runner, Options options, std::function<void()> wake);
  /// Cancels what runs, drops what waits, joins the thread: may take as long as a command's grace.
  ~Executor();

  /// Begins what the destructor does, and waits for it, at most so long; false: a unit still runs.
  bool end(Duration patience);
  /// After end(): no unit runs any more, and the destructor waits for nothing.
  bool ended() const;
  void submit(Work work);
  /// Takes back units that were not claimed: half (the later half of all of them, rounded up; dyadic: about) or all.
  /// Batches with nothing left say `last`. Exact: a unit is either given back here or will be reported in a part, never
  /// both.
  std::vector<protocol::GivenBack::Piece> take_back(protocol::TakeBack::Share share);
  /// As protocol::WorkerPort has it; the parts of what ended before are there for poll().
  protocol::GivenUp give_up(BatchId batch, Interval units);
  /// The same for WorkerPort::settle.
  bool settle_copy(BatchId batch, bool keep);
  /// What was given up or dropped still runs, or is being cleared away.
  bool busy() const { return given_up_.load(std::memory_order_acquire); }
  /// The next copy, or thing that was given up or dropped while it ran, that has ended.
  bool poll_ended(protocol::Ended& ended);
  void cancel();
  void signal_units();
  /// The next finished part, oldest first; false when there is none. Exactly one part or piece of a batch says `last`.
  /// To be called at least every `report_every`: what ended before a long unit began is reported from here.
  bool poll(protocol::Part& part);
  /// How long the units take that are here and not claimed, as far as that is known; 0 where it is not.
  double seconds_ahead() const;
  /// The bytes of large payloads that are not needed any more, for what comes next.
  std::vector<Bytes> take_spares();
  /// Results that were not put into parts. Of units in it, the parts were put out before.
  Holdings& holdings() { return holdings_; }
  /// Of the runner: Runner::most_held().
  std::size_t most_held() const { return most_held_; }
  /// Something was taken from holdings(), and written: units may wait for that.
  void holds_less();
  /// A std::exception left the runner (a fault of kiln's own or of user code outside a unit): its text; "" otherwise.
  std::string fault() const;
  /// The exit code that goes with it: that of a kiln::Error, else of a fault of kiln's own.
  int fault_code() const;

 private:
  // The batch in front is the one that runs; only of it units are claimed.
  struct Entry {
    Work work;
    std::uint64_t next;  // first unit that is not claimed
    std::uint64_t end;   // one behind the last that was not given back
  };
  using Lock = std::unique_lock<std::mutex>;

  void stop();
  void loop() noexcept;
  bool wait_for_work(Lock& lock);
  bool holds_too_much() const;
  void run_chunk(Lock& lock);
  void settle(Lock& lock);
  void take_off(Lock& lock);
  void put_pending_out();
  std::vector<protocol::GivenBack::Piece> give_back(protocol::TakeBack::Share share);
  void tell_ended(BatchId batch, bool done);
  void put_out(protocol::Part part);
  void give_back(Entry& entry, std::uint64_t count, std::vector<protocol::GivenBack::Piece>& pieces);
  bool mark_last(BatchId batch);

  const std::unique_ptr<Runner> runner_;
  const std::size_t most_held_;
  const Options options_;
  const std::size_t report_bytes_;
  const std::function<void()> wake_;

  mutable std::mutex mutex_;
  std::condition_variable work_waits_;
  std::deque<Entry> queue_;
  std::unique_ptr<PartBuilder> pending_;  // ended units of the front batch, not reported
  std::unique_ptr<PartBuilder> at_work_;  // the executor thread's; outlives running_, whatever is thrown
  std::deque<protocol::Part> out_;
  std::vector<Bytes> spares_;
  Holdings holdings_;
  PartBuilder* running_ = nullptr;     // takes the outcome of what is claimed; null while nothing is
  Interval claimed_;                   // of the front batch, while its units run
  bool in_runner_ = false;             // they do
  std::unique_ptr<PartBuilder> copy_;  // has ended and waits to be settled
  BatchId copy_batch_;
  std::deque<protocol::Ended> ended_;
  bool sleeping_ = false;
  bool stop_ = false;
  bool left_ = false;  // the thread is at its end
  std::condition_variable leaves_;
  std::string fault_;
  ExitCode fault_code_ = ExitCode::internal;
  double unit_seconds_ = 0;   // measured; 0: unknown
  double chunk_seconds_ = 0;  // of the last claimed units; the executor thread's

  std::atomic<std::uint64_t> submitted_ = 0;
  std::atomic<bool> any_spares_ = false;
  std::atomic<bool> anything_out_ = false;  // out_ or pending_ may hold something
  std::atomic<bool> any_ended_ = false;
  std::atomic<bool> given_up_ = false;  // what becomes of what runs counts no more; written with the lock
  std::thread thread_;                  // last: it uses all of the above
};

}  // namespace kiln::exec
