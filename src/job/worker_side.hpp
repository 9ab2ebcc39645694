#pragma once

#include "exec/executor.hpp"
#include "job/link.hpp"
#include "job/memory_budget.hpp"
#include "job/segment_writer.hpp"
#include "protocol/worker.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace kiln::job {

/// How a rank runs units.
struct Execution {
  /// Makes the runner from a setup that the coordinator sent: one for each stage, on the main thread. Null: this rank
  /// is not there yet; WorkerSide::catch_up() is called when it is.
  std::function<std::unique_ptr<exec::Runner>(const protocol::Setup& setup, Rank rank)> make_runner;
  exec::Executor::Options executor = {};
  /// Writes what the worker holds (results larger than executor.ride_bytes); its writer thread. Needed where anything
  /// can be held.
  SegmentWriter::Write write_segment = {};
  std::uint64_t hold_bytes = protocol::Worker::kHoldBytes;  ///< as protocol::Worker has it
  /// What a collective call of the program gave; main thread.
  std::function<void(protocol::Answer)> answer = {};
  /// It will come by a broadcast; main thread.
  std::function<void(const protocol::Announce&)> announce = {};
  /// As protocol::WorkerPort::group and make_group; what comes of it goes through WorkerSide::on_grouped; main thread.
  std::function<void(const protocol::Group&, Rank coordinator)> group = {};
  std::function<void(std::uint64_t number)> make_group = {};
  /// How long the end of the rank waits for a unit that was cancelled; nothing: for ever. After it `stuck` is called,
  /// and the executor's thread goes on until the process ends, with all that it refers to.
  std::optional<Duration> patience = {};
  std::function<void()> stuck = {};
  /// Begins this rank's part in a join, with what it holds (nothing, too); main thread.
  std::function<void(const protocol::Join&, exec::HeldResults)> join = {};
  /// As protocol::WorkerPort::leave_join, and whatever other collective this rank is in: what is to be held again;
  /// main thread.
  std::function<exec::HeldResults(bool keep)> leave_join = {};
  /// The program has passed the call that the last runner was made for: what it refers to is gone; main thread.
  std::function<bool()> passed = {};
  /// Called at every turn of the main thread's loop: the rank lives.
  std::function<void()> beat = [] {};
  /// Who is silent for so long is dead (RunOptions::heartbeat); zero: nobody watches the others.
  Duration heartbeat{};
  /// What is kept until it is committed, so that another rank can take over (protocol::Worker); 0: none can.
  std::uint64_t retain_bytes = 0;
  /// Memory that may be kept of what was given up with ranks that are gone (net::Transport::buried); with more this
  /// rank leaves.
  std::size_t most_buried = MemoryBudget().buried();
  /// More of it: of collectives.
  std::function<std::size_t()> buried_in_collectives = {};
};

/// A rank as worker: joins the protocol's state machine, the link and the executor.
class WorkerSide final : public protocol::WorkerPort {
 public:
  /// `wake` may be called from any thread. `link` outlives this, or use_link is called before it ends.
  WorkerSide(Link& link, Execution execution, std::function<void()> wake);
  /// Ends the executor; where its unit does not end within Execution::patience, leaves it behind and says `stuck`.
  ~WorkerSide() override;

  /// What is sent goes to the coordinator of this link from now on.
  void use_link(Link& link) { link_ = &link; }
  void on_message(protocol::Message message) { worker_.on_message(std::move(message)); }
  void on_interrupt(bool at_once) { worker_.on_interrupt(at_once); }
  /// The rank's program has got further: a setup that waits for it is looked at again.
  void catch_up();
  /// The rank's program cannot go on.
  void on_fault(protocol::Fault fault) { worker_.on_fault(std::move(fault)); }
  void on_remark(protocol::Remark remark) { send(std::move(remark)); }
  void on_passed(protocol::Passed passed) { send(passed); }
  void on_grouped(protocol::Grouped grouped) { send(grouped); }
  /// The coordinator had declared this rank dead: everything is forgotten, and the next setup begins anew.
  void begin_anew() { worker_.on_taken_up(); }
  /// A coordinator of a higher epoch was heard: as protocol::Worker::on_takeover.
  void on_takeover();
  /// What runs was given up, and counts no more: what it uses must stay.
  bool busy() const { return executor_ && executor_->busy(); }
  /// A unit of what was forgotten still runs: what it uses must stay.
  bool forgetting() const { return !past_.empty(); }
  /// Reports what the executor has finished and what was written; whether there was anything. A fault of the runner is
  /// told to the coordinator (where there is Execution::patience), else thrown as kiln::Error. Throws what writing a
  /// segment threw for good.
  bool step();
  /// How long, about, before the executor runs out of work: so long, nothing that comes is urgent.
  Duration calm() const;
  /// The run is over, with this exit code.
  std::optional<int> left() const { return left_; }

 private:
  void send(const protocol::Message& message) override;
  bool set_up(const protocol::Setup& setup) override;
  void submit(protocol::Batch batch) override;
  std::vector<protocol::GivenBack::Piece> take_back(protocol::TakeBack::Share share) override;
  void cancel() override;
  void signal_units() override;
  protocol::GivenUp give_up(BatchId batch, Interval units) override;
  bool settle(BatchId batch, bool keep) override;
  void leave(int exit_code) override { left_ = exit_code; }
  void answer(protocol::Answer answer) override;
  void announce(const protocol::Announce& announce) override;
  void group(const protocol::Group& group) override;
  void make_group(std::uint64_t number) override;
  Held held() override;
  Writing write_segment() override;
  bool join(const protocol::Join& join) override;
  bool leave_join(bool keep) override;
  bool is_at_setup() override { return !execution_.passed || !execution_.passed(); }
  void forget_all() override;
  bool report_parts();
  bool hear_segment();
  void look_at_past();

  Link* link_;
  Execution execution_;
  std::function<void()> wake_;
  std::optional<protocol::Setup> waiting_;  // for the rank's program
  std::unique_ptr<exec::Executor> executor_;
  std::unique_ptr<SegmentWriter> segments_;  // may use what the executor's runner made: ends before it
  // What was forgotten while its threads were at work: destroyed when they have ended.
  struct Past {
    std::unique_ptr<exec::Executor> executor;
    std::unique_ptr<SegmentWriter> segments;
  };
  std::vector<Past> past_;
  std::optional<int> left_;
  bool fault_told_ = false;
  protocol::Worker worker_;
};

}  // namespace kiln::job
