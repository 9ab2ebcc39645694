#pragma once

#include "protocol/in_hand.hpp"
#include "protocol/messages.hpp"
#include "protocol/retained.hpp"
#include "schedule/interval_set.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace kiln::protocol {

/// What a worker can do to its own rank: send, and drive its executor. Calls return at once.
class WorkerPort {
 public:
  virtual ~WorkerPort() = default;
  /// To the coordinator.
  virtual void send(const Message& message) = 0;
  /// Makes the executor ready to run the units of this setup, before the first batch of it; an earlier one is not
  /// needed any more. False: the rank is not there yet (its program is behind); then Worker::on_set_up is called when
  /// it is, unless another setup has come meanwhile.
  virtual bool set_up(const Setup& setup) = 0;
  virtual void submit(Batch batch) = 0;
  virtual std::vector<GivenBack::Piece> take_back(TakeBack::Share share) = 0;
  virtual void cancel() = 0;
  virtual void signal_units() = 0;
  /// Ends what runs of these units, unless they have ended, and gives it back with all that has not begun; what ended
  /// before was reported (Worker::on_part). Where it is `busy` with it, Worker::on_ended tells when it is not.
  virtual GivenUp give_up(BatchId /*batch*/, Interval /*units*/) { return {}; }
  /// A copy (Batch::copy) that was submitted and has not ended in vain: its batch is reported like any other; or it is
  /// dropped. True: it was dropped and still runs; Worker::on_ended tells when it does not.
  virtual bool settle(BatchId /*batch*/, bool /*keep*/) { return false; }
  virtual void leave(int exit_code) = 0;
  virtual void answer(Answer answer) = 0;
  virtual void announce(const Announce& /*announce*/) {}
  /// A communicator is to be made of these ranks; where nothing else is under way, Grouped says that it was heard.
  virtual void group(const Group& /*group*/) {}
  /// All have heard: it is made now; Grouped says how that ends.
  virtual void make_group(std::uint64_t /*number*/) {}

  /// Results that stay on this rank until a flush, those being written included.
  struct Held {
    std::uint64_t bytes = 0;
    std::uint64_t largest_part = 0;  ///< bytes of the largest part that was held so far
    bool joinable = false;           ///< all of it, but what is being written, may go into a join
    std::uint64_t most = 0;          ///< takes the place of Worker's hold_bytes; 0: does not
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
  /// The join is over for this rank, wherever it is in it. `keep`: what it gave is to be held again; whether it is: not
  /// where the sum has been written over it.
  virtual bool leave_join(bool keep) { return keep; }
  /// What runs is cancelled; what is in hand, held or being written is forgotten, and nothing of it is reported.
  virtual void forget_all() {}
  /// Whether this rank can go on with the setup that it has made ready: not when its program has passed that call.
  virtual bool is_at_setup() { return true; }
};

/// The worker's side of the conversation. Pure. Who lives, and who is the coordinator, is the business of Membership
/// and Succession; of that it hears on_taken_up and on_takeover.
///
/// What it holds is bounded: it writes a segment unasked when it holds half of `hold_bytes` (or twice the largest
/// part, where that is more), and says that it is full at twice as much, so that it gets nothing new. A value of fixed
/// size, as of an exact reduction, is held once however many units are in it.
///
/// With `retain_bytes` it keeps what it sent until it hears that it is committed, and knows what it has in hand, so
/// that a new coordinator can go on from there.
class Worker {
 public:
  static constexpr std::uint64_t kHoldBytes = std::uint64_t{16} << 20;

  /// Says `ready` to the coordinator for each setup. `port` outlives the worker.
  /// `retain_bytes` 0: nobody takes over (no membership), nothing is retained; usually Retained::kBytes.
  Worker(Ready ready, WorkerPort& port, std::uint64_t hold_bytes = kHoldBytes, std::uint64_t retain_bytes = 0);

  void on_message(Message message);
  /// The rank has caught up with the last setup.
  void on_set_up();
  /// The executor has finished some units.
  void on_part(Part part);
  /// The segment that was begun is durable, or says why it failed; then what was to be in it is held again. Of the
  /// message, what the writer knows is filled in: file, length, checksum, units or failed.
  void on_segment(Segment segment);
  /// A copy has ended (`done`: it waits to be settled), or what was given up or dropped while it ran.
  void on_ended(BatchId batch, bool done);
  /// At every turn of the rank's loop.
  void on_tick();
  /// The coordinator had declared this rank dead and takes it up again: it begins anew, with the setup that follows.
  void on_taken_up();
  /// A coordinator of a higher epoch was heard: what follows is from it, and what is sent goes to it. Until its setup
  /// comes, results are kept back. A setup of the call that this worker is in is answered by Ready, Holding, and all
  /// that is retained; work goes on. Any other makes it begin anew. A join is given up and what was given to it is held
  /// again, unless the sum is written over it already: then these units are nobody's. A question of the dead
  /// coordinator is forgotten.
  void on_takeover();
  /// The rank's program cannot go on.
  void on_fault(Fault fault);
  /// A signal came in on this rank.
  void on_interrupt(bool at_once);

  bool left() const { return left_; }
  /// What runs is not in its books any more: it was given up, or a copy that was dropped.
  bool busy() const { return busy_; }
  /// What is kept until it is committed, in bytes, about.
  std::uint64_t retained_bytes() const { return retained_.bytes(); }
  /// Of what was sent since the setup, something that was not committed did not fit.
  bool retained_all() const { return !retained_.dropped(); }

 private:
  void on(const Setup& setup);
  void on(const JoinOver& over);
  void on(const GiveUp& question);
  void on(const Settle& settled);
  void drop_copy();
  void take_back(TakeBack::Share share);
  void forget();
  void hand_over();
  void note(Part& part);
  template <class Result>
  void send_result(Result&& result);
  std::uint64_t most(const WorkerPort::Held& held) const;
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

  bool set_up_ = false;        // has answered the setup of ready_.call
  std::uint64_t plan_ = 0;     // of that setup
  bool between_ = false;       // coordinators: the setup of the new one has not come
  std::optional<Batch> copy_;  // without payloads; until it is settled or has ended in vain
  bool busy_ = false;
  Retained retained_;  // what follows is known where it is on
  InHand in_hand_;
  schedule::IntervalSet held_;  // done, results here: in no segment that was begun, in no join
  schedule::IntervalSet writing_units_, joining_units_;
  double unit_seconds_ = 0;
};

}  // namespace kiln::protocol
