#pragma once

#include "protocol/coordinator.hpp"
#include "protocol/gathering.hpp"
#include "protocol/membership.hpp"
#include "protocol/succession.hpp"
#include "protocol/worker.hpp"
#include "sim/books.hpp"
#include "sim/event_queue.hpp"
#include "sim/executor.hpp"
#include "sim/journal.hpp"
#include "sim/mutation.hpp"
#include "sim/random.hpp"
#include "sim/scenario.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

namespace kiln::sim {

/// Gets one line an event; empty for none.
using Trace = std::function<void(std::string_view line)>;

struct LaunchEnd {
  std::optional<protocol::Outcome> outcome;  ///< nothing: the whole job died
  std::uint64_t events = 0;
  std::uint64_t digest = 0;  ///< of all events: equal runs have equal ones
  std::vector<Bytes> stale;  ///< some messages that were still on their way
};

/// One start of a job on the simulated cluster: the real coordinator and workers, with simulated ranks, network, disk
/// and time below them.
class Launch final : public protocol::CoordinatorPort, private ExecutorHost {
 public:
  struct Context {
    const Scenario& scenario;
    std::size_t number = 0;  ///< of the launch, from 0
    Mutation mutation = Mutation::none;
    const Trace& trace;
  };
  /// What `context` refers to and `journal` outlive the launch. `stale`: messages of an earlier launch, which arrive.
  Launch(Context context, Journal& journal, const std::vector<Bytes>& stale);
  ~Launch() override;

  /// To the end of the run or the death of the job. Throws Violation.
  LaunchEnd run();

  void send(Rank to, protocol::Message message) override;
  std::uint64_t most_payload_bytes() override { return UnitModel::kMostPayload; }
  std::uint64_t payload_bytes(UnitId unit) override { return scenario_.units.payload_bytes(unit); }
  void commit(std::unique_ptr<protocol::CommitPlan> plan) override;
  void give(const schedule::IntervalSet& units) override;
  void join(const protocol::Join& join) override;
  void leave_join() override;
  CanJoin can_join() const override;
  void look_who_ended(Rank rank) override { looks_.push_back(rank); }
  void work_alone() override { works_alone_ = true; }
  Bytes row_of_lost(UnitId unit, const std::string& reason) override;
  void finish(protocol::Outcome outcome) override;
  void note_failure(UnitId unit, Rank rank, std::uint32_t attempt, const std::string& reason, bool dead) override;

 private:
  class WorkerRank;
  friend class WorkerRank;
  class Groups;
  friend class Groups;

  void end_unit_in(Rank rank, double seconds, std::uint64_t number) override;
  std::uint32_t unit_begins(Rank rank, UnitId unit) override;
  void unit_ends(Rank rank, UnitId unit, End end) override;
  void report(Rank rank, protocol::Part part) override;
  void ended(Rank rank, BatchId batch, bool done) override;

  void send_to_coordinator(Rank from, const protocol::Message& message);
  void put_message(Rank pair, EventKind kind, std::uint64_t number, Bytes message);
  void handle(Event& event);
  void arrive_at_coordinator(Event& event);
  void arrive_at_worker(Event& event);
  void end_commit();
  void write_commit();
  void mutate(protocol::CommitPlan& plan);

  // Units that begin at most once (launch_given.cpp).
  void end_give();
  void die_giving();
  void give_back_lost(Rank rank);
  void end_segment_of(Rank rank);
  void give_to_join(Rank rank, exec::HeldResults results);
  std::optional<exec::HeldResults> take_from_join(Rank rank);
  void end_join();
  void put_joined(protocol::CommitPlan& plan);
  bool segments_fail(Rank rank) const;
  bool segment_is_torn();
  void heard(Rank from, protocol::Message& message);
  Duration draw_write();
  void interrupt(const Event& event);
  void after_coordinator();
  void crash();

  // Ranks that die or are stopped (launch_absences.cpp).
  void begin_absences();
  bool postponed(Event& event);
  void kill(Rank rank, bool noticed);
  void stop(const LaunchPlan::Absence& absence);
  void beat(Rank rank);
  bool counts(Event& event);
  std::uint64_t events_of_full_disk() const;
  void look_for_deaths();
  void declare_dead(const protocol::Membership::Death& death);
  bool dies_of_unit(Rank rank, std::uint64_t number);
  void look();
  void end_look(const Event& event);
  void tell_who_ended(Rank rank, protocol::ProcessEnd end);
  void execute_here();
  bool may_be_declared_dead(Rank rank) const;
  bool gone_for_good(Rank rank) const;
  bool any_absent() const;

  // The coordinator dies or falls silent, and another rank takes over (launch_takeover.cpp).
  void lose_coordinator(bool noticed);
  void begin_search(bool noticed);
  void look_for_successor(Rank rank, std::uint64_t search);
  void begin_epoch(Rank rank, std::uint64_t seen);
  void depose();
  void leave_deposed();
  void reign(Rank rank, const std::vector<Rank>& heirs, bool stale);
  protocol::CoordinatorStart start_of_reign(const std::vector<Rank>& heirs, bool stale) const;
  protocol::CoordinatorOptions coordinator_options() const;
  void note_at_coordinator(Rank from, protocol::Message& message);
  void hear_at_takeover(Rank from, protocol::Message message);
  void after_gathering();
  void end_gathering();
  bool reigns(Rank rank) const { return rank == chief_ && (coordinator_ || gathering_); }

  // Copies (launch_copies.cpp).
  void note_sent(Rank to, const protocol::Message& message);
  void note_copies(Rank from, const protocol::Message& message);

  // Invariants (launch_checks.cpp).
  void expect_stop(std::optional<Rank> from, bool at_once);
  void check_stop_time() const;
  void check_idle(Instant until);
  void check_coordinator();
  void check_end() const;
  void check_held_up() const;
  void check_time_left() const;
  bool short_of_time() const;
  bool commits_fail() const;
  bool may_hand_out() const;
  void note(const Event& event);

  std::size_t index(Rank rank) const { return static_cast<std::size_t>(rank.value()); }
  WorkerRank& worker(Rank rank) { return rank == Rank(0) ? *own_ : *workers_[index(rank) - 1]; }
  Epoch epoch() const { return Epoch(static_cast<std::uint32_t>(1000 * (context_.number + 1) + reign_)); }
  bool watches() const { return scenario_.deadline > Duration::zero(); }

  const Scenario& scenario_;
  const LaunchPlan& plan_;
  Context context_;
  Journal& journal_;
  Books books_;
  Random random_;
  Bytes late_rows_;         // of the part before, for a mutation
  Random mutation_random_;  // apart, so that a mutated run is the same run up to the first strike
  EventQueue events_;
  Instant now_{};
  Rank chief_{0};             // the coordinator's
  std::uint64_t reign_ = 0;   // epochs in this launch but the first
  std::uint64_t search_ = 0;  // of a successor
  std::unique_ptr<protocol::Coordinator> coordinator_;
  std::unique_ptr<protocol::Gathering> gathering_;  // before it, at a takeover
  struct Former {
    Rank rank;
    std::unique_ptr<protocol::CommitPlan> committing;
    std::uint64_t seen = 0;  // the last entry of the journal that it knows
    std::uint64_t reign = 0;
  };
  std::vector<Former> formers_;  // deposed, and do not know it yet
  std::vector<std::unique_ptr<WorkerRank>> workers_;
  std::unique_ptr<WorkerRank> own_;  // the coordinator's rank executes
  bool works_alone_ = false;
  bool all_dead_ = false;                                    // the last rank was ended by its unit
  std::vector<Rank> looks_;                                  // asked for, not begun
  std::map<std::uint64_t, protocol::ProcessEnd> seen_ends_;  // by number, not told yet
  std::uint64_t look_number_ = 0;
  Instant last_look_{};
  Random harm_random_;  // apart, so that all else is drawn the same with units that end their ranks and without
  std::vector<Instant> last_to_worker_, last_to_coordinator_;  // by rank: messages of a pair stay in order

  protocol::Membership membership_;
  struct Presence {
    bool killed = false;
    bool declared = false;  // dead, by the coordinator
    std::optional<Instant> away_until;
    Instant was_away{};                 // until then, at least once
    std::optional<Instant> last_heard;  // of a killed one: what arrives later was lost
    Instant sent_at{};
  };
  std::vector<Presence> presence_;  // by rank

  std::unique_ptr<protocol::CommitPlan> committing_;
  std::map<Rank, exec::HeldResults> in_join_;  // what workers gave
  bool joining_ = false;
  bool join_broken_ = false;   // a rank of it died
  std::size_t join_size_ = 0;  // workers in it
  std::unique_ptr<Groups> groups_;
  bool died_with_sum_ = false;
  std::uint64_t join_number_ = 0;
  std::vector<Bytes> joined_rows_, joined_partials_;  // until they are put into a plan
  Duration commit_cost_{};
  std::uint64_t last_commit_ = 0;
  schedule::IntervalSet giving_, unlinked_;  // the latter for a mutation
  bool gives_failing_ = false;
  std::map<Rank, protocol::Batch> last_batch_;  // for a mutation
  bool storage_failing_ = false;
  std::set<Rank> segments_failing_;  // as the coordinator knows
  std::set<Rank> full_;              // the same
  std::optional<Instant> tick_at_;
  std::uint64_t tick_number_ = 0;

  // What a rank has besides units in hand, as the coordinator knows.
  struct Occupation {
    bool copy = false, copy_done = false;
    bool busy = false;        // with what does not count any more
    std::uint64_t asked = 0;  // to give up
    bool any() const { return copy || busy || asked != 0; }
  };
  std::vector<Occupation> occupied_;  // by rank
  std::vector<bool> ready_;           // by rank: the coordinator knows it
  std::uint64_t ready_count_ = 0;
  std::vector<std::optional<Instant>> idle_since_;  // by rank, as the coordinator sees it
  Instant paused_until_{};
  std::optional<Instant> stop_by_;  // an interrupted run has ended by then
  std::set<Rank> interrupted_by_;
  std::uint64_t dead_letters_ = 0;
  std::optional<protocol::Outcome> outcome_;
  LaunchEnd end_;
};

}  // namespace kiln::sim
