#pragma once

#include "base/time.hpp"
#include "protocol/coordinator_options.hpp"
#include "protocol/coordinator_port.hpp"
#include "protocol/copies.hpp"
#include "protocol/look.hpp"
#include "protocol/suspect.hpp"
#include "schedule/batch_policy.hpp"
#include "schedule/gates.hpp"
#include "schedule/ledger.hpp"
#include "schedule/retry_queue.hpp"
#include "schedule/unit_queue.hpp"
#include "schedule/unit_values.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::protocol {

/// What a worker has from the coordinator before, as far as it still counts (Gathering).
struct TakenOver {
  Rank rank;
  std::vector<Holding::Batch> batches;  ///< in hand, and what the messages speak of that it sends again
  schedule::IntervalSet held;           ///< the same
  std::uint64_t held_bytes = 0;
  bool full = false, joinable = false;
  double unit_seconds = 0;
  bool busy = false;
  std::uint64_t committed = 0;  ///< up to this number all that it has sent is in the journal
};

/// What there is to do: decided from the journal before the coordinator begins, and at a takeover from what workers
/// have.
struct CoordinatorStart {
  std::uint64_t units = 0;        ///< ids 0..units-1
  schedule::IntervalSet done;     ///< committed earlier
  schedule::IntervalSet dead;     ///< dead letters committed earlier; not repeated
  schedule::IntervalSet removed;  ///< no longer in the source: neither handed out nor waited for
  /// With no_rerun_lost, then or now: these may have begun. What of them no worker has (`taken`) is a dead letter.
  schedule::IntervalSet given;
  std::vector<Rank> workers;      ///< the ranks that execute
  std::set<Rank> held_up;         ///< of these, those that were busy when the stage before ended
  Setup setup;                    ///< what their executors need
  std::uint64_t first_batch = 1;  ///< ids of batches and commits go on counting over the stages of a reign
  std::uint64_t first_commit = 1;
  /// Ranks of an earlier launch may have died of these units: those whose own code had ended them while they ran
  /// nothing else; none where it was one of several.
  std::map<UnitId, std::vector<Rank>> suspects;
  Rank self{0};  ///< the coordinator's own: suspects do not run there
  /// At a takeover. These of `workers` have their setup. No two have the same unit, and none is done.
  bool takeover = false;
  std::vector<TakenOver> taken;
  std::vector<std::pair<Rank, Message>> messages;  ///< that came before the coordinator was there, in order
};

/// Hands out batches, keeps the ledger, decides when to commit and when the run is over. Pure: no I/O, no clock, no
/// threads; the same code runs under MPI and in the simulator. Time never goes back from call to call.
class Coordinator {
 public:
  /// `port` outlives the coordinator.
  Coordinator(CoordinatorOptions options, CoordinatorStart start, CoordinatorPort& port);
  ~Coordinator();

  /// Sends every worker its setup (but those that have it, at a takeover); those that answer get work, whenever that
  /// is. Call once, first.
  void begin(Instant now);
  /// A message of a worker. What does not fit the books (an unknown batch, units it does not hold) is dropped and
  /// counted.
  void on_message(Rank from, Message message, Instant now);
  /// The commit is durable. `cost` is the time it took.
  void on_committed(Duration cost, Instant now);
  /// The commit failed and left nothing behind; the plan comes back and is tried again later.
  void on_commit_failed(std::unique_ptr<CommitPlan> plan, Instant now);
  /// What CoordinatorPort::give was asked for is durable; or it failed and nothing is.
  void on_given(Instant now);
  void on_give_failed(Instant now);
  /// The join has ended: what these ranks held of these units, by rank, is with the port now. `bytes`: its memory.
  /// Throws kiln::Error (internal) where a rank has given units that it does not hold: what was added cannot be taken
  /// apart.
  struct Joined {
    Rank rank;
    std::vector<Interval> units;  ///< sorted, disjoint
  };
  void on_joined(const std::vector<Joined>& joined, std::size_t bytes, Instant now);
  /// Stop: hand out nothing more, take back what has not begun, wait `grace` for what runs, commit, finish.
  /// `at_once`: what runs is cancelled now. A second interrupt of the same rank is always at once (a signal to the job
  /// reaches every rank once).
  void on_interrupt(Rank from, bool at_once, Instant now);
  /// Call when next_wake has come (or at any time): timers, and everything that can be handed out.
  void on_tick(Instant now);
  /// When on_tick is wanted next, if nothing else happens; nothing when only events matter.
  std::optional<Instant> next_wake(Instant now) const;
  /// How long, about, before a worker has nothing in hand: so long, no message is urgent. Zero where some worker has
  /// nothing already, its speed is unknown, or there are so many workers that messages come all the time.
  Duration calm(Instant now) const;
  /// The rank is dead, or was declared so: what it had in hand and what it held is open again. Of what it had begun,
  /// if it died `alone` (its node lives), any unit may be to blame: these are suspects, run one at a time, alone on
  /// their worker, when all else is handed out. A unit whose worker died so often enough is a dead letter (Suspect).
  void on_dead(Rank rank, bool alone, Instant now);
  /// Answers CoordinatorPort::look_who_ended. Where the rank's own code has ended it, what it had in hand beside what
  /// ran is as if it had been given back.
  void on_who_ended(Rank rank, const ProcessEnd& end, Instant now);
  /// This rank works (again), with nothing in hand: it gets its setup.
  void on_back(Rank rank, Instant now);
  /// Measured by the engine: its own time a batch, for the adaptive policy.
  void set_coordinator_seconds(double seconds) { coordinator_seconds_ = seconds; }

  struct Counts {
    std::uint64_t units = 0;  ///< all but removed ones
    std::uint64_t done = 0, failed = 0, committed = 0, removed = 0;
    std::uint64_t in_flight = 0;   ///< handed out
    std::uint64_t waiting = 0;     ///< for their next attempt, or suspects that wait
    std::uint64_t gated = 0;       ///< wait for the stages before theirs
    std::uint64_t blocked = 0;     ///< are not begun, as a stage before theirs has dead letters
    std::uint64_t suspects = 0;    ///< that wait
    std::uint64_t lost = 0;        ///< done, but lost with a rank before they were committed
    std::uint64_t retried = 0;     ///< attempts after a first one, this launch
    std::uint64_t given = 0;       ///< with no_rerun_lost: may be handed out at once
    std::uint64_t dropped = 0;     ///< messages that did not fit the books
    std::uint64_t copies = 0;      ///< of units that took long, given to a second worker
    std::uint64_t copies_won = 0;  ///< whose result counted
  };
  Counts counts() const;
  /// As CoordinatorOptions::stages has them.
  std::vector<schedule::Gates::View> stages() const { return gates_.view(); }
  struct WorkerView {
    Rank rank;
    std::string host;
    std::int32_t pid = 0;
    bool ready = false;
    std::uint64_t units_done = 0, in_flight = 0;
    std::uint64_t held_units = 0;  ///< whose results it keeps until a flush
    std::uint64_t held_bytes = 0;  ///< of these results
    double busy_seconds = 0, unit_seconds = 0;
    bool busy = false;  ///< with what it gave up, or a copy that was dropped
  };
  /// By rank.
  std::vector<WorkerView> workers() const;
  /// A unit that a worker runs now, as far as messages tell: the first that it has not reported of its oldest batch.
  struct RunningUnit {
    UnitId unit;
    Rank rank;
    std::uint32_t attempt = 1;
    Instant since;  ///< it was handed out, or the worker reported what was before it; it may have begun earlier
  };
  /// The units that have been running longest, longest first, at most so many.
  std::vector<RunningUnit> slowest(std::size_t most) const;
  std::optional<Duration> last_commit_cost() const { return last_commit_cost_; }
  std::optional<Instant> last_commit_at() const { return last_commit_at_; }
  /// Ids that the coordinator of the next stage begins with.
  std::uint64_t next_batch() const { return next_batch_; }
  std::uint64_t next_commit() const { return next_commit_; }
  /// Units that are done and whose results are with workers, in no segment yet.
  std::uint64_t held_units() const { return held_units_; }
  /// Bytes of rows and partial results committed by this coordinator, those in segments too.
  std::uint64_t committed_bytes() const { return committed_bytes_; }
  bool draining() const { return stop_as_.has_value(); }
  /// The run ended since its time limit was near.
  bool stopped_in_time() const { return stopped_in_time_; }
  bool finished() const { return finished_; }
  /// Bytes of rows and partial results that wait here for a commit or are in one. What workers hold is not in it.
  std::size_t pending_bytes() const { return pending_->bytes + committing_bytes_; }
  /// So much that nothing is handed out until some of it is written.
  bool waits_for_disk() const { return pending_bytes() >= options_.pause_bytes; }

 private:
  // Whether a worker may be asked to give units back: not while an answer is out, nor after it had nothing to give,
  // until it reports again.
  enum class Asked { no, waiting, had_none };
  // What a worker retains, by the numbers of its messages.
  struct Retainings {
    std::uint64_t heard = 0;       // the last that came
    std::uint64_t committing = 0;  // up to here they are in the commit under way; 0: in none
    std::uint64_t committed = 0;   // the worker was told so
    std::uint64_t bytes = 0;       // that came since the last commit began
  };
  struct Worker {
    WorkerView view;
    std::map<BatchId, InFlight> batches;
    std::uint64_t last_size = 0;
    Asked asked = Asked::no;
    bool sent_since_ask = false;   // a batch was sent after the question
    std::uint64_t filed_load = 0;  // its key in loaded_, 0 while it is not there
    Instant since{};               // what it runs now cannot have begun much earlier
    // Done, but the results are with the worker and in no segment: if it dies, these are lost with it and open again.
    schedule::IntervalSet held;
    bool flush_asked = false;        // an answer to Flush is out
    bool full = false;               // it may hold no more: gets nothing new
    bool joinable = false;           // all that it holds may go into a join
    bool alone = false;              // with a suspect: gets nothing beside it
    std::optional<UnitId> copy;      // it has this one of copies_.out
    std::uint64_t give_ups_out = 0;  // questions without an answer yet
    bool busy = false;               // with what it gave up, or a copy that was dropped: gets nothing
    enum class HeldUp { no, unsure, yes };
    HeldUp held_up = HeldUp::no;  // until it is ready: it may be, or is, in a unit of before
    Retainings retained;
  };

  // Events.
  void hear(Rank from, Message message, Instant now);
  void on(Worker& worker, const Ready& message);
  void on(Worker& worker, Part& message, Instant now);
  void on(Worker& worker, const GivenBack& message, Instant now);
  void on(Worker& worker, Segment& message, Instant now);
  void on(Worker& worker, const GivenUp& message, Instant now);
  void on(Worker& worker, const Ended& message, Instant now);
  void on(Rank from, const Fault& message, Instant now);
  static bool fits(const Worker& worker, const Part& part);
  void record(Worker& worker, InFlight& batch, Part& part, Instant now);
  void fail(Worker& worker, InFlight& batch, UnitFailure& failure, Instant now);
  void set_aside(UnitFailure& failure, std::uint32_t attempts, Instant now);
  void reopen(const InFlight& batch, Interval units, Instant now);
  void end_batch(Worker& worker, BatchId id, Instant now);
  void take_pieces(Worker& worker, const std::vector<GivenBack::Piece>& pieces, Instant now);
  void took(Worker& worker, InFlight& batch, Interval units);
  void refile(Worker& worker);
  void step(Instant now);

  // Handing out (coordinator_dispatch.cpp).
  bool may_hand_out() const;
  std::uint64_t room() const;
  void dispatch(Instant now);
  bool hand_out(Worker& worker, Instant now);
  std::optional<Interval> next_units(Worker& worker, Instant now);
  void send_batch(Worker& worker, Interval units, std::uint32_t attempt, Instant now);
  void ask_back();
  void begin_drain(Outcome outcome, bool at_once, Instant now);
  void cancel_all(Instant now);
  void give_up_running(Instant now);

  // The time limit (coordinator_time.cpp).
  std::uint64_t units_in_time(const Worker& worker, Instant now) const;
  bool in_time(const Worker& worker, Instant now);
  void look_at_time(Instant now);
  void end_before_limit(Instant now);
  void stop_in_time(Instant now);
  bool may_stop_in_time() const;

  // Workers that cannot work (coordinator_held_up.cpp).
  std::optional<Duration> held_up_patience() const;
  void look_for_held_up(Instant now);

  // Committing and ending (coordinator_commit.cpp).
  bool complete() const;
  bool unsaved() const { return !pending_->empty() || !holders_.empty(); }
  bool save_due(Instant now) const;
  void save(Instant now);
  void start_commit(Instant now);
  void storage_failed(Instant now);
  void storage_works();
  void finish_if_over();
  void touch_unsaved(Instant now);
  void count_done(Interval units);

  // What workers retain (coordinator_retained.cpp).
  void heard(Worker& worker, std::uint64_t number, std::uint64_t bytes);
  void begin_retained_commit();
  void end_retained_commit(bool durable);

  // What workers hold (coordinator_held.cpp).
  void hold(Worker& worker, Interval units, Instant now);
  void ask_flushes();
  bool may_join() const;
  void look_at_waiting_join();
  bool joins() const { return joining_ == Joining::now || joining_ == Joining::waits; }
  void begin_join();
  void let_go(Worker& worker, Interval units);
  void answered(Worker& worker);
  static bool fits(const Worker& worker, const Segment& segment);

  // What was found at a takeover (coordinator_taken.cpp).
  static schedule::IntervalSet units_to_do(const CoordinatorStart& start, const std::vector<TakenOver>& taken);
  static schedule::IntervalSet units_lost(const CoordinatorStart& start, const std::vector<TakenOver>& taken);
  void take_over(const TakenOver& taken, Instant now);

  // Units that two workers have (coordinator_copies.cpp).
  bool speculates() const {
    return options_.speculate != Speculate::no && options_.most_in_flight == 0 && !options_.no_rerun_lost;
  }
  bool may_copy() const;
  void speculate(Instant now);
  void look_for_late(Instant now);
  bool may_be_copied(const Worker& worker) const;
  Worker* worker_for_copy(const Worker& late);
  void send_copy(Worker& from, Worker& to, Instant now);
  void come_back(const InFlight& batch, Interval units, Instant now);
  bool take_failed(UnitId unit);
  void keep_copy(std::map<UnitId, Copy>::iterator copy);
  void drop_copy(std::map<UnitId, Copy>::iterator copy);
  void drop_copies(Interval units);
  void drop_running_copies();
  std::optional<Instant> next_look() const;

  // Units that begin at most once (coordinator_given.cpp).
  schedule::UnitQueue& queue() { return options_.no_rerun_lost ? given_ : queue_; }
  void give(Instant now);
  void give_again(Instant now);
  void begin_give(std::uint64_t units);
  void lose(UnitId unit, Rank rank, std::uint32_t attempts, const std::string& how, Instant now);
  void lose_units(const schedule::IntervalSet& units, Rank rank, std::uint32_t attempts, const std::string& how,
                  Instant now);

  // What dead workers leave (coordinator_lost.cpp).
  void lose_batches(Worker& worker, bool alone, Instant now);
  void lose_held(Worker& worker, Instant now);
  std::uint64_t begun(const Worker& worker) const;
  void suspect(const InFlight& batch);
  void acquit(const InFlight& batch, Instant now);
  void hand_out_suspect(Instant now);
  Worker* worker_for(const Suspect& suspect);
  void blame(UnitId unit, std::string_view why, Instant now);
  void suspect_at_begin(const CoordinatorStart& start, schedule::IntervalSet& open);
  void blame_at_begin(Instant now);

  CoordinatorOptions options_;
  CoordinatorPort& port_;
  Setup setup_;
  Rank self_;
  std::vector<TakenOver> taken_;                    // until begin
  std::vector<std::pair<Rank, Message>> messages_;  // the same
  std::unique_ptr<schedule::BatchPolicy> policy_;
  schedule::Ledger ledger_;
  std::uint64_t removed_ = 0, removed_done_ = 0;
  schedule::UnitValues<std::uint32_t> allowed_;  // extra tries
  schedule::Gates gates_;
  schedule::UnitQueue queue_;            // units that need not wait for others
  schedule::UnitQueue given_;            // with no_rerun_lost: out of queue_, may be handed out
  schedule::IntervalSet giving_;         // the same, when the port has made them durable
  schedule::IntervalSet lost_at_begin_;  // until begin
  std::uint64_t give_ahead_ = 0;
  std::optional<Instant> gave_at_;
  schedule::RetryQueue retries_;
  std::map<UnitId, std::uint32_t> attempts_;  // failed attempts of units that may be tried again
  std::map<UnitId, Suspect> suspects_;
  std::set<UnitId> waiting_suspects_;
  std::vector<Look> looks_;
  bool suspect_out_ = false;  // one is with a worker
  std::uint64_t lost_ = 0;
  schedule::Durations durations_;  // of the units that have ended, where somebody asks
  bool held_back_ = false;         // a worker got nothing, as there is no time for it
  bool stopped_in_time_ = false;
  Copies copies_;
  std::map<Rank, Worker> workers_;
  std::set<Rank> idle_;                              // ready, with nothing in hand
  std::set<Rank> ahead_;                             // short of work: may have one more batch
  std::set<std::pair<std::uint64_t, Rank>> loaded_;  // (units in hand, rank): may be asked to give back
  std::uint64_t ready_workers_ = 0;
  std::optional<Instant> held_up_since_, held_up_until_;  // all of them
  std::uint64_t asks_out_ = 0;
  std::uint64_t next_batch_, next_commit_;
  std::uint64_t in_flight_ = 0;
  std::uint64_t retried_ = 0, dropped_ = 0, failures_ = 0;
  double coordinator_seconds_ = 0;

  std::unique_ptr<CommitPlan> pending_;
  std::optional<Instant> unsaved_since_;  // of what is pending or held
  std::set<Rank> holders_;                // workers that hold results
  std::uint64_t held_units_ = 0;
  // One round of questions at a time: a commit that is due waits until those that were asked have answered.
  enum class Flushing { no, asked, answered };
  Flushing flushing_ = Flushing::no;
  std::uint64_t flushes_out_ = 0;
  enum class Joining { no, waits, now, over };
  Joining joining_ = Joining::no;  // workers take part in a join
  schedule::IntervalSet committing_;
  std::size_t committing_bytes_ = 0;
  std::uint64_t committing_segments_ = 0;  // bytes in files of workers
  bool commit_running_ = false;
  bool retained_presses_ = false;  // some worker retains so much that it is to be committed
  std::optional<Duration> last_commit_cost_;
  std::optional<Instant> last_commit_at_;
  std::uint64_t committed_bytes_ = 0;
  Duration checkpoint_interval_;
  bool commits_failing_ = false;     // the last one failed
  bool gives_failing_ = false;       // the same
  std::set<Rank> segments_failing_;  // of these workers the last one failed
  std::optional<Instant> storage_failing_since_, storage_retry_at_;
  bool gave_up_ = false;  // on saving: what is not saved when the run ends is lost and runs again

  std::optional<Outcome> stop_as_;
  std::set<Rank> interrupted_by_;
  std::optional<Instant> cancel_at_;
  std::optional<Instant> give_up_at_;  // what was cancelled and still runs
  bool cancelled_ = false;
  bool finished_ = false;
};

}  // namespace kiln::protocol
