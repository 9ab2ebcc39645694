#pragma once

#include "protocol/messages.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace kiln::protocol {

/// What a worker can do to its own rank: send, and drive its executor. Calls return at once.
class WorkerPort {
 public:
  virtual ~WorkerPort() = default;
  /// To the coordinator.
  virtual void send(Message message) = 0;
  /// Makes the executor ready to run the units of this setup, before the first batch of it; an earlier one is not
  /// needed any more. False: the rank is not there yet (its program is behind); then Worker::on_set_up is called when
  /// it is, unless another setup has come meanwhile.
  virtual bool set_up(const Setup& setup) = 0;
  virtual void submit(Batch batch) = 0;
  virtual std::vector<GivenBack::Piece> take_back(TakeBack::Share share) = 0;
  virtual void cancel() = 0;
  virtual void signal_units() = 0;
  virtual void leave(int exit_code) = 0;
  virtual void answer(Answer answer) = 0;
  virtual void announce(const Announce& /*announce*/) {}

  /// Results that stay on this rank until a flush, those being written included.
  struct Held {
    std::uint64_t bytes = 0;
    std::uint64_t largest_part = 0;  ///< bytes of the largest part that was held so far
    bool joinable = false;           ///< all of it, but what is being written, may go into a join
  };
  virtual Held held() { return {}; }
  enum class Writing {
    began,    ///< Worker::on_segment tells how it ended
    nothing,  ///< nothing is held
    later,    ///< units are being added just now; Worker::on_tick tries again
  };
  /// Takes all that is held in parts that were sent, and begins to write it to a segment.
  virtual Writing write_segment() { return Writing::nothing; }
  /// Takes all that is held in parts that were sent, maybe nothing, and begins to take part in the join with it. False:
  /// units are being added just now; Worker::on_tick tries again.
  virtual bool join(const Join& /*join*/) { return true; }
  /// The join is over for this rank, wherever it is in it. `keep`: what it gave is held again.
  virtual void leave_join(bool /*keep*/) {}
  /// What runs is cancelled; what is in hand, held or being written is forgotten, and nothing of it is reported.
  virtual void forget_all() {}
};

/// The worker's side of the conversation. Pure. Membership (beats, views, takeover) will live here too.
///
/// What it holds is bounded: it writes a segment unasked when it holds half of `hold_bytes` (or twice the largest
/// part, where that is more), and says that it is full at twice as much, so that it gets nothing new. A value of fixed
/// size, as of an exact reduction, is held once however many units are in it.
class Worker {
 public:
  static constexpr std::uint64_t kHoldBytes = std::uint64_t{16} << 20;

  /// Says `ready` to the coordinator for each setup. `port` outlives the worker.
  Worker(Ready ready, WorkerPort& port, std::uint64_t hold_bytes = kHoldBytes);

  void on_message(Message message);
  /// The rank has caught up with the last setup.
  void on_set_up();
  /// The executor has finished some units.
  void on_part(Part part);
  /// The segment that was begun is durable, or says why it failed; then what was to be in it is held again. Of the
  /// message, what the writer knows is filled in: file, length, checksum, units or failed.
  void on_segment(Segment segment);
  /// At every turn of the rank's loop.
  void on_tick();
  /// The coordinator had declared this rank dead and takes it up again: it begins anew, with the setup that follows.
  void on_taken_up();
  /// The rank's program cannot go on.
  void on_fault(Fault fault);
  /// A signal came in on this rank.
  void on_interrupt(bool at_once);

  bool left() const { return left_; }

 private:
  bool full(const WorkerPort::Held& held) const;
  bool holds_much(const WorkerPort::Held& held) const;
  void join_if_wanted();
  void write_if_wanted();

  Ready ready_;
  WorkerPort& port_;
  std::uint64_t hold_bytes_;
  bool left_ = false;
  bool asked_ = false;          // a Flush waits for its answer
  std::optional<Join> join_;    // waits for its begin
  bool writing_ = false;        // a segment
  bool writing_asked_ = false;  // that segment is the answer
  bool failed_ = false;         // the last one; the next is written when the coordinator asks
};

}  // namespace kiln::protocol
