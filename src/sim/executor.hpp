#pragma once

#include <kiln/detail/rows.hpp>
#include "base/time.hpp"
#include "exec/holdings.hpp"
#include "protocol/messages.hpp"
#include "sim/mutation.hpp"
#include "sim/reduction.hpp"
#include "sim/scenario.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace kiln::sim {

/// The columns of a simulated unit's row.
const Schema& row_schema();

/// The row of one unit.
Bytes encode_row(const UnitModel& units, UnitId unit);

/// Tries of a unit are counted from a multiple of this in each launch.
inline constexpr std::uint32_t kLaunchTries = 100;

/// What a simulated executor tells and asks of its surroundings.
class ExecutorHost {
 public:
  virtual ~ExecutorHost() = default;
  /// SimExecutor::unit_ended(number) is to be called in `seconds`.
  virtual void end_unit_in(Rank rank, double seconds, std::uint64_t number) = 0;
  /// The unit begins; returns how often it was begun before in this run.
  virtual std::uint32_t unit_begins(Rank rank, UnitId unit) = 0;
  enum class End { succeeded, failed, cancelled };
  virtual void unit_ends(Rank rank, UnitId unit, End end) = 0;
  virtual void report(Rank rank, protocol::Part part) = 0;
  /// As protocol::Worker::on_ended.
  virtual void ended(Rank rank, BatchId batch, bool done) = 0;
};

/// Runs units in simulated time with the semantics of exec::Executor: batches in order, claimed a few units at a time;
/// what is claimed cannot be taken back.
class SimExecutor {
 public:
  /// `scenario`, `holdings` and `host` outlive the executor.
  SimExecutor(const Scenario& scenario, Rank rank, double slowness, Mutation mutation, exec::Holdings& holdings,
              ExecutorHost& host);

  void submit(const protocol::Batch& batch, Instant now);
  std::vector<protocol::GivenBack::Piece> take_back(protocol::TakeBack::Share share);
  void cancel(Instant now);
  /// As protocol::WorkerPort.
  protocol::GivenUp give_up(BatchId batch, Interval units, Instant now);
  bool settle(BatchId batch, bool keep, Instant now);
  /// Nothing of what is in hand is reported.
  void forget();
  /// What the unit that was announced with this number does to its rank as it ends, unless it was cancelled meanwhile.
  UnitModel::Harm harm(std::uint64_t number) const {
    return current_ && number == number_ ? current_harm_ : UnitModel::Harm::none;
  }
  /// The present claim; one of it runs.
  Interval claimed() const { return {claim_first_, claim_end_}; }
  /// The unit that was announced with this number has ended, unless it was cancelled meanwhile.
  void unit_ended(std::uint64_t number, Instant now);

  bool running() const { return current_.has_value(); }
  bool occupied() const { return zombie_ || copy_; }
  /// For ever: it is in a unit that never ends.
  bool stuck() const { return stuck_; }
  /// Units that nobody has begun, behind the one that runs.
  std::uint64_t behind() const { return behind_; }
  /// When the present claim was made.
  Instant claimed_at() const { return claimed_at_; }

 private:
  struct Work {
    BatchId id;
    Interval open;  // not claimed yet
    protocol::Part part;
    Rows rows;
    std::unique_ptr<ReducedHarvest> harvest;
    bool copy = false;
  };

  void end_copy(Instant now);
  void give_up_running(BatchId batch);
  void begin_next(Instant now);
  void begin_unit(Instant now);
  void put_row(Work& work, UnitId unit);
  void end_unit(bool failed, Instant now);
  void report_if_due(Instant now);
  void report(Work& work, bool last, Instant now);
  void put_results(Work& work, protocol::Part& part);

  const Scenario& scenario_;
  Rank rank_;
  double slowness_;
  Mutation mutation_;
  exec::Holdings& holdings_;
  ExecutorHost& host_;

  std::deque<Work> work_;          // the first one is being worked on
  std::optional<UnitId> current_;  // of work_.front()
  UnitId claim_first_, claim_end_;
  bool current_fails_ = false;
  UnitModel::Harm current_harm_ = UnitModel::Harm::none;
  std::optional<Work> copy_;       // has ended and waits to be settled
  std::optional<BatchId> zombie_;  // was given up and runs on
  bool stuck_ = false;
  std::uint64_t number_ = 0;
  std::uint64_t behind_ = 0;
  Instant claimed_at_{}, unit_began_{}, reported_at_{};
};

}  // namespace kiln::sim
