#pragma once

#include "job/inheritance.hpp"
#include "job/link.hpp"
#include "job/living.hpp"
#include "job/waiter.hpp"
#include "job/worker_side.hpp"
#include "job/writer.hpp"
#include "protocol/coordinator.hpp"
#include "protocol/gathering.hpp"
#include "units/source.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
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
  /// As protocol::CoordinatorPort::note_storage_works.
  virtual void storage_works() {}
  /// A worker could not write its segment.
  virtual void segment_failed(Rank /*rank*/, const std::string& /*why*/) {}
  /// A signal began the end of the run; `at_once`: a second one.
  virtual void interrupted(int signal, bool at_once) = 0;
  /// As protocol::Remark.
  virtual void remark(Rank /*rank*/, const std::string& /*text*/) {}
  /// A rank is dead, or was declared so. `units`: what it had in hand and what it held, to be run again.
  virtual void died(const Living::Death& /*death*/, std::uint64_t /*units*/) {}
  /// A rank that was declared dead lives, and begins anew.
  virtual void returned(Rank /*rank*/) {}
  /// This rank has taken over: from whom, and what is committed and what workers have.
  struct TakeOver {
    Rank before, now;
    protocol::Beat place;    ///< of the one before; pid 0 where it is not known
    std::vector<Rank> lost;  ///< others that were lost with the one before
    std::string why;         ///< "died", "gave no sign of life for 5.0s"
    std::uint64_t committed = 0;
    std::optional<std::uint64_t> in_hand;  ///< nothing where it is not known yet
  };
  virtual void took_over(const TakeOver& /*facts*/) {}
};

/// How a rank that only works came to its end.
struct WorkEnd {
  int exit_code = 0;
  bool finalise = true;                      ///< MPI; else some rank is gone and the process is to end without it
  std::unique_ptr<Inheritance> inheritance;  ///< this rank has become the coordinator, and goes on as that
};

/// The main thread of a rank that only works: serves until the coordinator says stop, or is gone: then `claim` says
/// whether this rank takes its place; without one it leaves (exit code 75).
/// `each_turn` is called with the worker at every turn of the loop; true: something of its own moves on only while this
/// rank looks.
WorkEnd work(net::Transport& transport, Waiter& waiter, const Execution& execution,
             const std::function<bool(WorkerSide&)>& each_turn = {}, Claim claim = {});

/// One stage: commands have one, programs one for each of their runs.
struct StageStart {
  using CanJoin = protocol::CoordinatorPort::CanJoin;
  protocol::CoordinatorOptions options;
  protocol::CoordinatorStart start;  ///< workers, first_batch and first_commit are filled in by the loop
  /// Begins this rank's part in a join, which CoordinatorLoop::joined ends.
  std::function<void(const protocol::Join&)> join = {};
  /// As protocol::CoordinatorPort::leave_join and can_join.
  std::function<void()> leave_join = {};
  std::function<CanJoin()> can_join = {};
};

/// The main thread of the coordinator's rank: the link to the workers, this rank's own worker and the waiter live over
/// all stages, each of which has a protocol::Coordinator of its own.
class CoordinatorLoop final : public protocol::CoordinatorPort {
 public:
  /// `workers`: the ranks that execute; with this rank among them, it executes too. With an inheritance, this rank has
  /// taken over and executes: the first stage goes on from what workers have. Everything referred to outlives this.
  CoordinatorLoop(net::Transport& transport, Waiter& waiter, Epoch epoch, std::vector<Rank> workers, Writer& writer,
                  Observer& observer, const Execution& execution, std::unique_ptr<Inheritance> inheritance = nullptr);
  ~CoordinatorLoop() override;

  /// Until everything of the stage that can be is committed. `source` is used during the call only. Throws what the
  /// writer cannot recover from, and store::Deposed when another rank has taken over, as all that wait do.
  protocol::Outcome run(StageStart stage, const units::Source& source);
  /// While `busy` says so: answers messages and sleeps. Between stages signals and faults are kept: stop_reason().
  void wait_while(const std::function<bool()>& busy);
  /// The join of the present stage has ended: as protocol::Coordinator::on_joined. From each_turn.
  void joined(const std::vector<protocol::Coordinator::Joined>& joined, std::size_t bytes);
  /// What StageStart::can_join says has changed. From each_turn.
  void look_again();
  /// The other workers that live.
  std::vector<Rank> others() const;
  /// To every other worker that lives.
  void tell_workers(const protocol::Message& message);
  /// Sends all workers home and waits until the messages have left, and where a rank was lost until they were heard,
  /// two deadlines at most.
  void stop_workers(int exit_code);
  /// This rank has taken over: says so, where the first stage is not to (run()). `committed`: units.
  void tell_takeover(std::uint64_t committed);
  /// This rank has taken over, and the stage that was under way then has not begun here.
  bool inherits() const { return inheritance_ != nullptr; }
  /// Some rank was declared dead, be it back or not: MPI is not to be finalised, and there are no collectives but those
  /// of a group (Groups).
  bool lost_any() const { return living_.lost_any(); }

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
  /// Whether every living worker but this rank, and but those that are held up where it does not `wait` for them, has
  /// answered this call of the program (Ready).
  bool all_reached(std::uint32_t call, bool wait) const;
  /// The worker runs what it gave up in an earlier stage; until that ends, its program stays where it is.
  bool held_up(Rank rank) const { return held_up_.contains(rank); }
  /// The living workers but this rank that have not answered a later call than this.
  std::vector<Rank> behind(std::uint32_t call) const;
  /// The last call that a worker has answered; nothing before the first, and where it died and is back.
  std::optional<std::uint32_t> reached(Rank rank) const;
  /// To a worker that lives; else nothing is sent.
  void tell(Rank rank, const protocol::Message& message) { link_.send(rank, message); }
  /// Called when a rank has died, before the stage hears of it. What it throws leaves run() or wait_while().
  void set_on_death(std::function<void()> on_death) { on_death_ = std::move(on_death); }
  /// Called when a rank is back, before it gets its setup; reached() is still what it had answered before it died.
  void set_on_back(std::function<void(Rank)> on_back) { on_back_ = std::move(on_back); }
  /// Called with what a worker says of the answers it has (protocol::Passed).
  void set_on_passed(std::function<void(Rank, std::uint32_t)> on_passed) { on_passed_ = std::move(on_passed); }
  /// Called with what a worker says of a group.
  void set_on_grouped(std::function<void(Rank, const protocol::Grouped&)> heard) { on_grouped_ = std::move(heard); }
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
  bool hear_who_ended();
  void hear_given(const std::string& failed);
  void hear_signals();
  void account(Instant begun, bool busy);
  void end_stage();
  bool reign_is_open();
  void look_for_deaths();
  void leave_if_buried();
  void bury(const Living::Death& death);
  void take_up(Rank rank);
  void work_here();
  void tell_living();
  void inherit();
  protocol::CoordinatorStart gather(protocol::CoordinatorStart start);
  void go_on_with_gathered();
  void tell_takeover(const protocol::CoordinatorStart& start);
  void tell_takeover(std::uint64_t committed, std::optional<std::uint64_t> in_hand);
  std::vector<Rank> living_workers();
  bool in_stage() const { return coordinator_ != nullptr && !outcome_ && !stop_; }

  void send(Rank to, protocol::Message message) override;
  std::uint64_t payload_bytes(UnitId unit) override { return source_->payload_bytes(unit); }
  std::uint64_t most_payload_bytes() override { return source_->most_payload_bytes(); }
  void commit(std::unique_ptr<protocol::CommitPlan> plan) override { writer_.commit(std::move(plan)); }
  void give(const schedule::IntervalSet& units) override { writer_.give(units); }
  void join(const protocol::Join& join) override { begin_join_(join); }
  void leave_join() override { leave_join_(); }
  CanJoin can_join() const override { return can_join_ ? can_join_() : CanJoin::no; }
  void look_who_ended(Rank rank) override { writer_.look_who_ended(rank); }
  void work_alone() override { work_here_ = true; }
  void finish(protocol::Outcome outcome) override { outcome_ = outcome; }
  void settled(Bytes& rows, bool succeeded) override { observer_.settled(rows, succeeded); }
  void fault(Rank rank, const protocol::Fault& fault) override;
  void note_segment_failed(Rank rank, const std::string& why) override { observer_.segment_failed(rank, why); }
  void note_storage_works() override { observer_.storage_works(); }
  void note_failure(UnitId unit, Rank rank, std::uint32_t attempt, const std::string& reason, bool dead) override {
    observer_.failure(unit, rank, attempt, reason, dead);
  }

  Waiter& waiter_;
  const Execution execution_;
  Living living_;
  Link link_;
  Writer& writer_;
  Observer& observer_;
  std::vector<Rank> workers_;
  std::unique_ptr<WorkerSide> own_worker_;
  std::optional<Instant> looked_at_;  // at whether it still is the coordinator
  bool reign_open_ = false;           // that is not known, after a pause of its own
  bool work_here_ = false;            // asked for: no other worker lives
  std::function<bool()> each_turn_;
  std::function<void()> on_death_;
  std::function<void(Rank)> on_back_;
  std::function<void(Rank, std::uint32_t)> on_passed_;
  std::function<void(Rank, const protocol::Grouped&)> on_grouped_;
  bool looks_ = false;  // what each_turn_ said
  const units::Source* source_ = nullptr;
  std::function<void(const protocol::Join&)> begin_join_;  // of the stage
  std::function<void()> leave_join_;
  std::function<CanJoin()> can_join_;
  std::unique_ptr<protocol::Coordinator> coordinator_;
  std::optional<protocol::Outcome> outcome_;  // of the stage
  std::unique_ptr<Inheritance> inheritance_;  // until the first stage has begun
  bool takeover_told_ = false;
  std::optional<protocol::Gathering> gathering_;  // while the living answer
  protocol::Gathering::Gathered gathered_;        // but for the start; until the first stage has begun
  std::vector<bool> interrupts_;                  // signals of that time; at once?
  std::optional<RankFault> rank_fault_;
  std::optional<Rank> interrupted_by_;
  std::map<Rank, std::uint32_t> reached_;  // the last call of the program that a worker has answered
  std::set<Rank> held_up_;
  Instant ticked_at_{};
  Instant next_snapshot_{};
  std::optional<protocol::Stop> stop_;  // what the others were told at the end
  std::set<Rank> heard_stop_;           // of them
  unsigned signals_ = 0;
  Duration busy_time_{};
  std::uint64_t batches_sent_ = 0;
};

}  // namespace kiln::job
