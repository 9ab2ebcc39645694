#pragma once

#include "job/link.hpp"
#include "job/waiter.hpp"
#include "job/worker_side.hpp"
#include "job/writer.hpp"
#include "protocol/coordinator.hpp"
#include "units/source.hpp"

#include <functional>
#include <memory>
#include <optional>

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
  /// A signal began the end of the run; `at_once`: a second one.
  virtual void interrupted(int signal, bool at_once) = 0;
};

/// The main thread of a rank that only works: serves until the coordinator says stop. Returns its exit code.
int work(net::Transport& transport, Waiter& waiter, const Execution& execution);

struct CoordinateOptions {
  protocol::CoordinatorOptions coordinator;
  protocol::CoordinatorStart start;  ///< with this rank among the workers, it executes too
  Epoch epoch;
};

/// The main thread of the coordinator's rank.
class CoordinatorLoop final : public protocol::CoordinatorPort {
 public:
  /// Everything referred to outlives this.
  CoordinatorLoop(net::Transport& transport, Waiter& waiter, CoordinateOptions options, const units::Source& source,
                  Writer& writer, Observer& observer, const Execution& execution);
  ~CoordinatorLoop() override;

  /// Until everything that can be is committed. Throws what the writer cannot recover from.
  protocol::Outcome run();
  /// While `busy` says so: answers messages and sleeps.
  void wait_while(const std::function<bool()>& busy);
  /// Sends all workers home and waits until the messages have left.
  void stop_workers(int exit_code);

  const protocol::Coordinator& coordinator() const { return *coordinator_; }
  /// Signals that came in here so far.
  unsigned signals() const { return signals_; }

 private:
  bool turn();
  bool receive();
  bool hear_writer();
  void hear_signals();
  void account(Instant begun, bool busy);

  void send(Rank to, protocol::Message message) override;
  std::uint64_t payload_bytes(UnitId unit) override { return source_.payload_bytes(unit); }
  std::uint64_t most_payload_bytes() override { return source_.most_payload_bytes(); }
  void commit(std::unique_ptr<protocol::CommitPlan> plan) override { writer_.commit(std::move(plan)); }
  void finish(protocol::Outcome outcome) override { outcome_ = outcome; }
  void settled(Bytes& rows, bool succeeded) override { observer_.settled(rows, succeeded); }
  void note_failure(UnitId unit, Rank rank, std::uint32_t attempt, const std::string& reason, bool dead) override {
    observer_.failure(unit, rank, attempt, reason, dead);
  }

  Waiter& waiter_;
  Link link_;
  const units::Source& source_;
  Writer& writer_;
  Observer& observer_;
  std::vector<Rank> workers_;
  std::unique_ptr<WorkerSide> own_worker_;
  std::unique_ptr<protocol::Coordinator> coordinator_;
  std::optional<protocol::Outcome> outcome_;
  Instant ticked_at_{};
  Instant next_snapshot_{};
  unsigned signals_ = 0;
  Duration busy_time_{};
  std::uint64_t batches_sent_ = 0;
};

}  // namespace kiln::job
