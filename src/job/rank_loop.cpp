#include "job/rank_loop.hpp"

#include "base/log.hpp"
#include "job/clock.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

namespace kiln::job {
namespace {

constexpr Duration kLongestPause = std::chrono::milliseconds(1);
constexpr Duration kPauseUnderWay = std::chrono::microseconds(20);
// While nobody needs this rank, its looks would only take the processor from units: a wake costs 20 to 30 us. They come
// in an eighth of the time after which somebody may need it, so that what comes unexpected waits little.
constexpr Duration kLongestCalm = std::chrono::milliseconds(10);
constexpr int kLooksWhileCalm = 8;
constexpr Duration kSnapshotEvery = std::chrono::seconds(1);
constexpr int kMessagesATurn = 64;

// USR1 is what launchers and schedulers send to ask for an end; TERM and INT leave no time to wait for units.
bool leaves_no_time(int signal) { return signal != SIGUSR1; }

/// Nothing was to be done. `looks`: something moves on only while this rank looks; calm(): nobody needs it for so long,
/// which takes a lock to find out, and is not asked while messages come and go.
template <class Calm>
void rest(Waiter& waiter, const net::Transport& transport, bool looks, const Calm& calm) {
  if (looks || transport.under_way()) return waiter.pause(kPauseUnderWay);
  if (const Duration sleep = std::min<Duration>(calm() / kLooksWhileCalm, kLongestCalm); sleep > kLongestPause) {
    waiter.sleep(sleep);
  } else {
    waiter.pause(kLongestPause);
  }
}

}  // namespace

int work(net::Transport& transport, Waiter& waiter, const Execution& execution,
         const std::function<bool(WorkerSide&)>& each_turn) {
  Link link(transport, std::nullopt);
  WorkerSide worker(link, execution, [&waiter] { waiter.wake(); });
  while (!worker.left()) {
    bool busy = worker.step();
    const bool looks = each_turn && each_turn(worker);
    for (const int signal : waiter.take_signals_sometimes()) worker.on_interrupt(leaves_no_time(signal));
    while (auto received = link.receive()) {
      worker.on_message(std::move(received->message));
      busy = true;
    }
    busy ? waiter.reset() : rest(waiter, transport, looks, [&] { return worker.calm(); });
  }
  return *worker.left();
}

CoordinatorLoop::CoordinatorLoop(net::Transport& transport, Waiter& waiter, Epoch epoch, std::vector<Rank> workers,
                                 Writer& writer, Observer& observer, const Execution& execution)
    : waiter_(waiter),
      link_(transport, protocol::Stamp{epoch, View(1)}),
      writer_(writer),
      observer_(observer),
      workers_(std::move(workers)) {
  if (std::find(workers_.begin(), workers_.end(), transport.rank()) != workers_.end()) {
    own_worker_ = std::make_unique<WorkerSide>(link_, execution, [&waiter] { waiter.wake(); });
  }
}

CoordinatorLoop::~CoordinatorLoop() = default;

protocol::Outcome CoordinatorLoop::run(StageStart stage, const units::Source& source) {
  stage.start.workers = workers_;
  if (coordinator_ != nullptr) {
    stage.start.first_batch = coordinator_->next_batch();
    stage.start.first_commit = coordinator_->next_commit();
  }
  source_ = &source;
  begin_join_ = std::move(stage.join);
  outcome_.reset();
  coordinator_ = std::make_unique<protocol::Coordinator>(std::move(stage.options), std::move(stage.start), *this);
  ticked_at_ = now();
  next_snapshot_ = {};
  coordinator_->begin(ticked_at_);
  while (!outcome_) {
    const Instant begun = now();
    const bool busy = turn();
    account(begun, busy);
    busy ? waiter_.reset() : rest(waiter_, link_.transport(), looks_, [this] { return calm(); });
  }
  observer_.snapshot(*coordinator_, now());
  return *outcome_;
}

Duration CoordinatorLoop::calm() const {
  const Instant at = now();
  Duration calm = coordinator_->calm(at);
  if (own_worker_) calm = std::min(calm, own_worker_->calm());
  const auto wake = coordinator_->next_wake(ticked_at_);
  return wake ? std::min(calm, *wake - at) : calm;
}

bool CoordinatorLoop::turn() {
  bool busy = receive();
  if (own_worker_ && own_worker_->step()) busy = true;
  if (each_turn_) looks_ = each_turn_();
  if (hear_writer()) busy = true;
  hear_signals();
  const Instant at = now();
  // Asked as of the last tick: of what is due after that moment, none may be passed over.
  if (const auto wake = coordinator_->next_wake(ticked_at_); wake && *wake <= at) {
    ticked_at_ = at;
    coordinator_->on_tick(at);
  }
  if (at >= next_snapshot_) {
    next_snapshot_ = at + kSnapshotEvery;
    observer_.snapshot(*coordinator_, at);
  }
  return busy;
}

bool CoordinatorLoop::receive() {
  const Rank self = link_.transport().rank();
  int count = 0;
  for (; count < kMessagesATurn; ++count) {
    auto received = link_.receive();
    if (!received) break;
    protocol::Message& message = received->message;
    if (own_worker_ && received->from == self && protocol::is_for_worker(message)) {
      own_worker_->on_message(std::move(message));
    } else {
      hear(received->from, std::move(message));
    }
  }
  return count != 0;
}

void CoordinatorLoop::hear(Rank from, protocol::Message message) {
  if (const auto* ready = std::get_if<protocol::Ready>(&message)) reached_[from] = ready->call;
  if (std::holds_alternative<protocol::Interrupted>(message)) interrupted_by_ = from;
  if (const auto* remark = std::get_if<protocol::Remark>(&message)) return observer_.remark(from, remark->text);
  if (in_stage()) {
    coordinator_->on_message(from, std::move(message), now());
  } else if (const auto* said = std::get_if<protocol::Fault>(&message)) {
    fault(from, *said);
  }
}

void CoordinatorLoop::fault(Rank rank, const protocol::Fault& fault) {
  if (!rank_fault_) rank_fault_ = RankFault{rank, fault};
}

void CoordinatorLoop::fault_here(protocol::Fault fault) { hear(link_.transport().rank(), std::move(fault)); }

bool CoordinatorLoop::all_reached(std::uint32_t call) const {
  return std::all_of(workers_.begin(), workers_.end(), [&](Rank rank) {
    const auto found = reached_.find(rank);
    return rank == Rank(0) || (found != reached_.end() && found->second == call);
  });
}

bool CoordinatorLoop::hear_writer() {
  auto committed = writer_.poll();
  if (!committed) return false;
  if (committed->failed) {
    observer_.commit_failed(committed->why);
    coordinator_->on_commit_failed(std::move(committed->failed), now());
  } else {
    observer_.committed();
    coordinator_->on_committed(committed->cost, now());
  }
  return true;
}

void CoordinatorLoop::hear_signals() {
  for (const int signal : waiter_.take_signals_sometimes()) {
    const bool at_once = leaves_no_time(signal) || signals_ != 0;
    ++signals_;
    interrupted_by_ = link_.transport().rank();
    observer_.interrupted(signal, at_once);
    if (in_stage()) coordinator_->on_interrupt(link_.transport().rank(), at_once, now());
  }
}

// What a batch costs the coordinator, for the adaptive policy: busy time by batches, both halved now and then.
void CoordinatorLoop::account(Instant begun, bool busy) {
  if (busy) busy_time_ += now() - begun;
  if (batches_sent_ < 64) return;
  coordinator_->set_coordinator_seconds(to_seconds(busy_time_) / static_cast<double>(batches_sent_));
  if (batches_sent_ >= 4096) {
    batches_sent_ /= 2;
    busy_time_ /= 2;
  }
}

void CoordinatorLoop::wait_while(const std::function<bool()>& busy) {
  while (busy()) {
    const bool any = receive();
    if (own_worker_) own_worker_->step();
    if (each_turn_) looks_ = each_turn_();
    hear_signals();
    any ? waiter_.reset() : waiter_.pause(looks_ ? kPauseUnderWay : kLongestPause);
  }
  waiter_.reset();
}

void CoordinatorLoop::joined(const std::vector<protocol::Coordinator::Joined>& joined, std::size_t bytes) {
  coordinator_->on_joined(joined, bytes, now());
}

void CoordinatorLoop::tell_workers(const protocol::Message& message) {
  for (const Rank rank : workers_) {
    if (rank != link_.transport().rank()) link_.send(rank, message);
  }
}

void CoordinatorLoop::stop_workers(int exit_code) {
  tell_workers(protocol::Stop{exit_code});
  while (link_.transport().unsent() != 0) waiter_.pause(kLongestPause);
}

void CoordinatorLoop::send(Rank to, protocol::Message message) {
  const auto* batch = std::get_if<protocol::Batch>(&message);
  if (batch == nullptr) {
    link_.send(to, message);
    return;
  }
  ++batches_sent_;
  link_.send_batch(to, *batch, source_->likely_bytes(batch->units),
                   [&](ByteWriter& out) { source_->append_payloads(batch->units, out); });
}

}  // namespace kiln::job
