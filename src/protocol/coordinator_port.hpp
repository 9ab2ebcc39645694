#pragma once

#include "protocol/messages.hpp"
#include "schedule/interval_set.hpp"

#include <memory>

namespace kiln::protocol {

/// A unit that is set aside, with its reason.
struct DeadLetter {
  UnitId unit;
  std::uint32_t attempts = 1;
  std::string reason;
};

/// One line of the timeline: a part of a batch as it came in.
struct BatchRecord {
  BatchId batch;
  Rank rank;
  Interval units;  ///< hull of the units of the part
  std::uint64_t count = 0;
  double start = 0;  ///< Unix seconds UTC
  double busy_seconds = 0;
  std::uint64_t records = 0;  ///< as in Part
};

/// What one commit writes. Owned by the coordinator's side until handed to the port, then by the writer.
struct CommitPlan {
  std::uint64_t id = 0;  ///< 1, 2, … within this reign
  schedule::IntervalSet done;
  std::vector<DeadLetter> dead;
  std::vector<Bytes> rows;        ///< tables, encoded; of done units and dead letters, in order of arrival
  std::vector<Bytes> partials;    ///< partial results of done units, as they came
  std::vector<Segment> segments;  ///< files of workers that hold results of done units
  bool joined = false;            ///< what a join gave is part of it: the port has it
  std::vector<BatchRecord> batches;
  std::size_t bytes = 0;  ///< of rows and partials, and of what a join gave

  bool empty() const { return done.empty() && dead.empty(); }
};

enum class Outcome : std::uint8_t {
  complete = 0,      ///< every unit is done
  units_failed = 1,  ///< every unit is settled, some are dead letters
  too_many_failures = 2,
  interrupted = 3,  ///< stopped by a signal or a time limit
  storage = 4,      ///< the journal, or a worker's segment, cannot be written
  fault = 5,        ///< a rank's program cannot go on: CoordinatorPort::fault said why
  held_up = 6,      ///< every worker that lives is in a unit that it was told to leave: only a new launch can go on
  cut_off = 7,      ///< interrupted by the mpirun around the ranks, which nobody had asked: a new launch is to go on
};

/// What the coordinator can do to the world: only send. Calls return at once and never call back.
class CoordinatorPort {
 public:
  virtual ~CoordinatorPort() = default;
  virtual void send(Rank to, Message message) = 0;
  /// Bytes of payload of a unit, for --batch BYTES and the cap on a batch.
  virtual std::uint64_t payload_bytes(UnitId unit) = 0;
  /// No unit's payload is larger.
  virtual std::uint64_t most_payload_bytes() = 0;
  /// Begins a commit; Coordinator::on_committed or on_commit_failed answers. At most one is under way.
  virtual void commit(std::unique_ptr<CommitPlan> plan) = 0;
  /// With CoordinatorOptions::no_rerun_lost: these units may begin from here on, and a coordinator that comes later
  /// must know it. Coordinator::on_given or on_give_failed answers. At most one is under way.
  virtual void give(const schedule::IntervalSet& /*units*/) {}
  /// Whether all ranks that work, and only these, have a communicator for a join. `soon`: it is being made; after that
  /// Coordinator::on_tick is called.
  enum class CanJoin { no, soon, yes };
  virtual CanJoin can_join() const { return CanJoin::yes; }
  /// The workers were told to join what they hold: begins this rank's part in it. Coordinator::on_joined answers.
  virtual void join(const Join& /*join*/) {}
  /// A rank died in the join: this rank's part in it is given up, and on_joined is not called any more.
  virtual void leave_join() {}
  /// The rank died with work in hand: how did its process end? Coordinator::on_who_ended answers, always and in order.
  virtual void look_who_ended(Rank rank) = 0;
  /// No worker lives: this rank is to execute itself, and says so by Coordinator::on_back.
  virtual void work_alone() {}
  /// The run is over: everything that can be is committed. Called once.
  virtual void finish(Outcome outcome) = 0;
  /// The rows of units that have ended for good (done, or set aside), before they are kept for a commit. What is taken
  /// out of them is not kept.
  virtual void settled(Bytes& /*rows*/, bool /*succeeded*/) {}
  /// A rank's program cannot go on: the run drains, what runs is cancelled, what is done is committed, and finish()
  /// follows. May be called for several ranks; the first one is the reason.
  virtual void fault(Rank /*rank*/, const Fault& /*fault*/) {}
  /// A worker could not write its segment; it will be asked again. For people.
  virtual void note_segment_failed(Rank /*rank*/, const std::string& /*why*/) {}
  /// All that could not be written can be again. For people.
  virtual void note_storage_works() {}
  /// The row of a unit that is a dead letter because its ranks died: nobody else can tell of it. Empty for none.
  virtual Bytes row_of_lost(UnitId /*unit*/, const std::string& /*reason*/) { return {}; }
  /// A line for the log of events: a retry, a dead letter. For people and events.jsonl; nothing hangs on it.
  virtual void note_failure(UnitId unit, Rank rank, std::uint32_t attempt, const std::string& reason, bool dead) = 0;
};

}  // namespace kiln::protocol
