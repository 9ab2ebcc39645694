#pragma once

#include "job/link.hpp"
#include "job/waiter.hpp"
#include "job/worker_side.hpp"
#include "job/writer.hpp"
#include "protocol/coordinator.hpp"
#include "units/source.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace kiln::job {

/// Hears what the coordinator does; on the main thread, returns at once.
class Observer {
 public:
  virtual ~Observer() = default;
  /// About once a second, and once at the end.
  virtual void snapshot(const protocol::Coordinator& coordinator, Instant now) = 0;
  virtual void failure(UnitId unit, Rank rank, std::uint32_t attempt, const std::string& reason, bool dead) = 0;
  /// As protocol::CoordinatorPort::settled.
  virtual void settled(Bytes& /*rows*/, bool /*succeeded*/) {}
  virtual void commit_failed(const std::string& why) = 0;
  virtual void committed() {}
  /// A worker could not write its segment.
  virtual void segment_failed(Rank /*rank*/, const std::string& /*why*/) {}
  /// A signal began the end of the run; `at_once`: a second one.
  virtual void interrupted(int signal, bool at_once) = 0;
  /// As protocol::Remark.
  virtual void remark(Rank /*rank*/, const std::string& /*text*/) {}
};

/// The main thread of a rank that only works: serves until the coordinator says stop. Returns its exit code.
/// `each_turn` is called with the worker at every turn of the loop; true: something of its own moves on only while this
/// rank looks.
int work(net::Transport& transport, Waiter& waiter, const Execution& execution,
         const std::function<bool(WorkerSide&)>& each_turn = {});

/// One stage: commands have one, programs one for each of their runs.
struct StageStart {
  protocol::CoordinatorOptions options;
  protocol::CoordinatorStart start;  ///< workers, first_batch and first_commit are filled in by the loop
  /// Begins this rank's part in a join, which CoordinatorLoop::joined ends.
  std::function<void(const protocol::Join&)> join = {};
};

/// The main thread of the coordinator's rank: the link to the workers, this rank's own worker and the waiter live over
/// all stages, each of which has a protocol::Coordinator of its own.
class CoordinatorLoop final : public protocol::CoordinatorPort {
 public:
  /// `workers`: the ranks that execute; with this rank among them, it executes too. Everything referred to outlives
  /// this.
  CoordinatorLoop(net::Transport& transport, Waiter& waiter, Epoch epoch, std::vector<Rank> workers, Writer& writer,
                  Observer& observer, const Execution& execution);
  ~CoordinatorLoop() override;

  /// Until everything of the stage that can be is committed. `source` is used during the call only. Throws what the
  /// writer cannot recover from.
  protocol::Outcome run(StageStart stage, const units::Source& source);
  /// While `busy` says so: answers messages and sleeps. Between stages signals and faults are kept: stop_reason().
  void wait_while(const std::function<bool()>& busy);
  /// The join of the present stage has ended: as protocol::Coordinator::on_joined. From each_turn.
  void joined(const std::vector<protocol::Coordinator::Joined>& joined, std::size_t bytes);
  /// To every other worker.
  void tell_workers(const protocol::Message& message);
  /// Sends all workers home and waits until the messages have left.
  void stop_workers(int exit_code);

  /// Of the last stage; there must have been one.
  const protocol::Coordinator& coordinator() const { return *coordinator_; }
  bool had_stage() const { return coordinator_ != nullptr; }
  /// Signals that came in here so far.
  unsigned signals() const { return signals_; }
  /// A signal came in on any rank.
  bool interrupted() const { return interrupted_by_.has_value(); }
  struct RankFault {
    Rank rank;
    protocol::Fault fault;
  };
  /// The first rank whose program cannot go on.
  const std::optional<RankFault>& rank_fault() const { return rank_fault_; }
  /// This rank's program cannot go on; during a stage it drains.
  void fault_here(protocol::Fault fault);
  /// Whether every worker but this rank has answered this call of the program (Ready).
  bool all_reached(std::uint32_t call) const;
  /// This rank's own worker, where it executes.
  WorkerSide* own_worker() { return own_worker_.get(); }
  /// Called at every turn of the loop, and says as that of work().
  void set_each_turn(std::function<bool()> each_turn) { each_turn_ = std::move(each_turn); }

 private:
  bool turn();
  Duration calm() const;
  bool receive();
  void hear(Rank from, protocol::Message message);
  bool hear_writer();
  void hear_signals();
  void account(Instant begun, bool busy);
  bool in_stage() const { return coordinator_ != nullptr && !outcome_; }

  void send(Rank to, protocol::Message message) override;
  std::uint64_t payload_bytes(UnitId unit) override { return source_->payload_bytes(unit); }
  std::uint64_t most_payload_bytes() override { return source_->most_payload_bytes(); }
  void commit(std::unique_ptr<protocol::CommitPlan> plan) override { writer_.commit(std::move(plan)); }
  void join(const protocol::Join& join) override { begin_join_(join); }
  void finish(protocol::Outcome outcome) override { outcome_ = outcome; }
  void settled(Bytes& rows, bool succeeded) override { observer_.settled(rows, succeeded); }
  void fault(Rank rank, const protocol::Fault& fault) override;
  void note_segment_failed(Rank rank, const std::string& why) override { observer_.segment_failed(rank, why); }
  void note_failure(UnitId unit, Rank rank, std::uint32_t attempt, const std::string& reason, bool dead) override {
    observer_.failure(unit, rank, attempt, reason, dead);
  }

  Waiter& waiter_;
  Link link_;
  Writer& writer_;
  Observer& observer_;
  std::vector<Rank> workers_;
  std::unique_ptr<WorkerSide> own_worker_;
  std::function<bool()> each_turn_;
  bool looks_ = false;  // what each_turn_ said
  const units::Source* source_ = nullptr;
  std::function<void(const protocol::Join&)> begin_join_;  // of the stage
  std::unique_ptr<protocol::Coordinator> coordinator_;
  std::optional<protocol::Outcome> outcome_;  // of the stage
  std::optional<RankFault> rank_fault_;
  std::optional<Rank> interrupted_by_;
  std::map<Rank, std::uint32_t> reached_;  // the last call of the program that a worker has answered
  Instant ticked_at_{};
  Instant next_snapshot_{};
  unsigned signals_ = 0;
  Duration busy_time_{};
  std::uint64_t batches_sent_ = 0;
};

}  // namespace kiln::job
