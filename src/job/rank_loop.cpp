#include "job/rank_loop.hpp"

#include "base/log.hpp"
#include "base/quantity.hpp"
#include "job/clock.hpp"
#include "job/rest.hpp"
#include "store/journal.hpp"

#include <algorithm>
#include <utility>

namespace kiln::job {
namespace {

constexpr Duration kSnapshotEvery = std::chrono::seconds(1);
constexpr int kMessagesATurn = 64;
constexpr int kHeldUpHeartbeats = 6;  // of a worker that is to leave a unit

}  // namespace

CoordinatorLoop::CoordinatorLoop(net::Transport& transport, Waiter& waiter, Epoch epoch, std::vector<Rank> workers,
                                 Writer& writer, Observer& observer, const Execution& execution,
                                 std::unique_ptr<Inheritance> inheritance)
    : waiter_(waiter),
      execution_(execution),
      living_(transport, execution.heartbeat, inheritance.get()),
      link_(transport, epoch, living_.members()),
      writer_(writer),
      observer_(observer),
      workers_(std::move(workers)),
      inheritance_(std::move(inheritance)) {
  if (inheritance_) inherit();
  if (std::find(workers_.begin(), workers_.end(), transport.rank()) != workers_.end()) work_here();
  if (execution.heartbeat > Duration::zero()) tell_workers(living_.own_place());
  tell_living();
}

CoordinatorLoop::~CoordinatorLoop() = default;

protocol::Outcome CoordinatorLoop::run(StageStart stage, const units::Source& source) {
  stage.start.workers = living_workers();
  stage.start.self = link_.transport().rank();
  stage.start.held_up = held_up_;
  stage.options.retain_bytes = execution_.retain_bytes;
  if (execution_.heartbeat > Duration::zero())
    stage.options.held_up_patience = kHeldUpHeartbeats * execution_.heartbeat;
  if (coordinator_ != nullptr) {
    stage.start.first_batch = coordinator_->next_batch();
    stage.start.first_commit = coordinator_->next_commit();
  }
  if (inheritance_) stage.start = gather(std::move(stage.start));
  source_ = &source;
  begin_join_ = std::move(stage.join);
  leave_join_ = std::move(stage.leave_join);
  can_join_ = std::move(stage.can_join);
  outcome_.reset();
  coordinator_ = std::make_unique<protocol::Coordinator>(std::move(stage.options), std::move(stage.start), *this);
  ticked_at_ = now();
  next_snapshot_ = {};
  coordinator_->begin(ticked_at_);
  if (inheritance_) go_on_with_gathered();
  while (!outcome_) {
    const Instant begun = now();
    const bool busy = turn();
    account(begun, busy);
    busy ? waiter_.reset() : rest(waiter_, link_.transport(), looks_, [this] { return calm(); });
  }
  end_stage();
  return *outcome_;
}

void CoordinatorLoop::end_stage() {
  observer_.snapshot(*coordinator_, now());
  for (const auto& worker : coordinator_->workers()) {
    if (worker.busy) held_up_.insert(worker.rank);
  }
  const auto counts = coordinator_->counts();
  if (counts.copies == 0) return;
  log::info("{} that took long {} given to an idle worker as well; of {} that was the first to end",
            counts.copies == 1 ? "a unit" : format_count(counts.copies) + " units", counts.copies == 1 ? "was" : "were",
            counts.copies_won == 0 ? "none" : format_count(counts.copies_won));
}

Duration CoordinatorLoop::calm() const {
  const Instant at = now();
  Duration calm = coordinator_->calm(at);
  if (own_worker_) calm = std::min(calm, own_worker_->calm());
  const auto wake = coordinator_->next_wake(ticked_at_);
  return wake ? std::min(calm, *wake - at) : calm;
}

bool CoordinatorLoop::turn() {
  if (reign_is_open()) return false;
  bool busy = receive();
  if (own_worker_ && own_worker_->step()) busy = true;
  if (each_turn_) looks_ = each_turn_();
  if (hear_writer()) busy = true;
  if (hear_who_ended()) busy = true;
  hear_signals();
  look_for_deaths();
  if (reign_open_) return busy;
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
    if (link_.deposed()) throw store::Deposed("another rank has taken over: this one writes nothing more and leaves");
    if (!received) break;
    protocol::Message& message = received->message;
    if (received->anew) {
      take_up(received->from);
    } else if (own_worker_ && received->from == self && protocol::is_for_worker(message)) {
      own_worker_->on_message(std::move(message));
    } else {
      hear(received->from, std::move(message));
    }
  }
  return count != 0;
}

void CoordinatorLoop::hear(Rank from, protocol::Message message) {
  if (const auto* ready = std::get_if<protocol::Ready>(&message)) {
    reached_[from] = ready->call;
    held_up_.erase(from);
  }
  if (std::holds_alternative<protocol::Interrupted>(message)) interrupted_by_ = from;
  if (const auto* place = std::get_if<protocol::Beat>(&message)) return living_.hear(from, *place);
  if (std::holds_alternative<protocol::Ended>(message)) held_up_.erase(from);
  if (std::holds_alternative<protocol::Stop>(message)) return void(heard_stop_.insert(from));
  if (const auto* remark = std::get_if<protocol::Remark>(&message)) return observer_.remark(from, remark->text);
  if (const auto* passed = std::get_if<protocol::Passed>(&message)) {
    if (on_passed_) on_passed_(from, passed->call);
    return;
  }
  if (const auto* grouped = std::get_if<protocol::Grouped>(&message)) {
    if (on_grouped_) on_grouped_(from, *grouped);
    return;
  }
  if (gathering_) {
    gathering_->on_message(from, std::move(message));
  } else if (in_stage()) {
    coordinator_->on_message(from, std::move(message), now());
  } else if (const auto* said = std::get_if<protocol::Fault>(&message)) {
    fault(from, *said);
  }
}

void CoordinatorLoop::fault(Rank rank, const protocol::Fault& fault) {
  if (!rank_fault_) rank_fault_ = RankFault{rank, fault};
}

void CoordinatorLoop::fault_here(protocol::Fault fault) { hear(link_.transport().rank(), std::move(fault)); }

bool CoordinatorLoop::all_reached(std::uint32_t call, bool wait) const {
  return std::all_of(workers_.begin(), workers_.end(), [&](Rank rank) {
    const auto found = reached_.find(rank);
    return rank == link_.transport().rank() || !living_.lives(rank) || (!wait && held_up(rank)) ||
           (found != reached_.end() && found->second == call);
  });
}

bool CoordinatorLoop::hear_writer() {
  const auto given = writer_.poll_given();
  if (given) hear_given(*given);
  auto committed = writer_.poll();
  if (!committed) return given.has_value();
  if (committed->failed) {
    observer_.commit_failed(committed->why);
    coordinator_->on_commit_failed(std::move(committed->failed), now());
  } else {
    coordinator_->on_committed(committed->cost, now());
  }
  return true;
}

void CoordinatorLoop::hear_given(const std::string& failed) {
  if (!failed.empty()) {
    observer_.commit_failed(failed);
    return coordinator_->on_give_failed(now());
  }
  coordinator_->on_given(now());
}

void CoordinatorLoop::hear_signals() {
  for (const int signal : waiter_.take_signals_sometimes()) {
    const bool at_once = leaves_no_time(signal) || signals_ != 0;
    ++signals_;
    interrupted_by_ = link_.transport().rank();
    observer_.interrupted(signal, at_once);
    if (gathering_) interrupts_.push_back(at_once);
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
    if (reign_is_open()) {
      waiter_.pause(kLongestPause);
      continue;
    }
    const bool any = receive();
    if (own_worker_) own_worker_->step();
    if (each_turn_) looks_ = each_turn_();
    hear_signals();
    look_for_deaths();
    any ? waiter_.reset() : waiter_.pause(looks_ ? kPauseUnderWay : kLongestPause);
  }
  waiter_.reset();
}

void CoordinatorLoop::joined(const std::vector<protocol::Coordinator::Joined>& joined, std::size_t bytes) {
  coordinator_->on_joined(joined, bytes, now());
}

void CoordinatorLoop::look_again() {
  if (in_stage()) coordinator_->on_tick(now());
}

void CoordinatorLoop::tell_workers(const protocol::Message& message) {
  for (const Rank rank : workers_) {
    if (rank != link_.transport().rank()) link_.send(rank, message);
  }
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
