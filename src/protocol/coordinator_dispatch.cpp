#include "protocol/coordinator.hpp"

#include <algorithm>
#include <utility>

namespace kiln::protocol {
namespace {

constexpr std::size_t kMostForCalm = 64;  // workers that are looked at whenever the coordinator is about to sleep
constexpr double kMostCalm = 3600;        // seconds

}  // namespace

bool Coordinator::may_hand_out() const { return !stop_as_ && !storage_failing_since_ && !waits_for_disk(); }

// How many more units may be with workers.
std::uint64_t Coordinator::room() const {
  if (options_.most_in_flight == 0) return UINT64_MAX;
  return options_.most_in_flight - std::min(in_flight_, options_.most_in_flight);
}

void Coordinator::dispatch(Instant now) {
  // Idle workers first: a second batch for one that works must not take the unit that another waits for.
  for (auto next = idle_.begin(); next != idle_.end() && !(queue().empty() && retries_.empty());) {
    Worker& worker = workers_.at(*next++);  // hand_out takes it out of the set
    hand_out(worker, now);
  }
  for (bool any = true; std::exchange(any, false);) {  // one each in turn, until all have enough
    for (auto next = ahead_.begin(); next != ahead_.end() && !(queue().empty() && retries_.empty());) {
      Worker& worker = workers_.at(*next++);
      if (hand_out(worker, now)) any = true;
    }
  }
  if (queue().empty()) hand_out_suspect(now);
  if (queue().empty() || room() == 0) ask_back();
  if (speculates()) speculate(now);
  if (options_.no_rerun_lost) give(now);
}

bool Coordinator::hand_out(Worker& worker, Instant now) {
  if (room() == 0 || !in_time(worker, now)) return false;
  // Retries go out one by one. While nobody is idle they may wait behind a short batch: kept for idle workers, they
  // would wait until nothing else is left. Where somebody is idle, he takes it, now or when it is no longer held back
  // from him.
  const bool left_to_idle = !worker.batches.empty() && !idle_.empty();
  const auto retry = left_to_idle ? std::nullopt : retries_.take(worker.view.rank, ready_workers_ > 1, now);
  if (retry) {
    ++retried_;
    send_batch(worker, single(retry->unit), retry->attempt, now);
    return true;
  }
  const auto units = next_units(worker, now);
  if (!units) return false;
  worker.last_size = units->size();
  send_batch(worker, *units, 1, now);
  return true;
}

std::optional<Interval> Coordinator::next_units(Worker& worker, Instant now) {
  if (options_.no_rerun_lost) return given_.take(worker.view.rank, 1);
  schedule::BatchContext context;
  context.units_left = queue_.count();
  context.workers = std::max<std::uint64_t>(1, ready_workers_);
  context.unit_seconds = worker.view.unit_seconds;
  context.coordinator_seconds = coordinator_seconds_;
  context.last_size = worker.last_size;
  schedule::BatchLimit limit = policy_->next(context);
  if (options_.most_in_flight != 0) {
    // Where few may be out, nobody takes all of them: two batches a worker, as far as it goes.
    const std::uint64_t share = std::max<std::uint64_t>(1, options_.most_in_flight / (2 * context.workers));
    limit.units = std::min({limit.units, share, room()});
  }
  limit.units = std::min(limit.units, units_in_time(worker, now));
  // Where all payloads fit in any case, nobody looks at each unit's.
  const std::uint64_t most = port_.most_payload_bytes();
  if (most == 0 || limit.units <= limit.bytes / most) return queue_.take(worker.view.rank, limit.units);
  return queue_.take(worker.view.rank, limit.units, limit.bytes,
                     [this](UnitId unit) { return port_.payload_bytes(unit); });
}

void Coordinator::send_batch(Worker& worker, Interval units, std::uint32_t attempt, Instant now) {
  const BatchId id(next_batch_++);
  if (worker.batches.empty()) worker.since = now;
  worker.batches[id] = {schedule::IntervalSet(units), attempt};
  worker.view.in_flight += units.size();
  in_flight_ += units.size();
  // An answer that is on its way does not speak of this batch.
  if (worker.asked == Asked::had_none) worker.asked = Asked::no;
  worker.sent_since_ask = true;
  refile(worker);
  port_.send(worker.view.rank, Batch{id, units, attempt, {}});
}

// Nothing is left to hand out: for every idle worker one loaded worker is asked for half of what it has not begun.
void Coordinator::ask_back() {
  while (asks_out_ < idle_.size() && !loaded_.empty()) {
    Worker& worker = workers_.at(std::prev(loaded_.end())->second);
    worker.asked = Asked::waiting;
    worker.sent_since_ask = false;
    ++asks_out_;
    refile(worker);
    port_.send(worker.view.rank, TakeBack{TakeBack::Share::half});
  }
}

Duration Coordinator::calm(Instant now) const {
  if (finished_ || workers_.size() > kMostForCalm) return Duration::zero();
  double calm = kMostCalm;
  for (const auto& [rank, worker] : workers_) {
    const double left = worker.view.unit_seconds * static_cast<double>(worker.view.in_flight);
    calm = std::min(calm, left - to_seconds(now - worker.since));
  }
  return from_seconds(std::max(calm, 0.0));
}

void Coordinator::on_interrupt(Rank from, bool at_once, Instant now) {
  if (finished_) return;
  const bool again = !interrupted_by_.insert(from).second;
  begin_drain(Outcome::interrupted, at_once || again, now);
  step(now);
}

void Coordinator::begin_drain(Outcome outcome, bool at_once, Instant now) {
  const bool first = !stop_as_;
  // An interrupt during a drain for failures stops what that drain would wait for.
  if (first || outcome != Outcome::too_many_failures) stop_as_ = first ? outcome : *stop_as_;
  if (outcome != Outcome::too_many_failures && !cancel_at_ && !cancelled_) cancel_at_ = now + options_.grace;
  gives_failing_ = false;
  drop_running_copies();
  for (auto& [rank, worker] : workers_) {
    if (!first || worker.batches.empty()) continue;
    if (worker.asked != Asked::waiting) ++asks_out_;
    worker.asked = Asked::waiting;
    refile(worker);
    port_.send(rank, TakeBack{TakeBack::Share::all});
    if (options_.task_signal && outcome == Outcome::interrupted && !at_once) port_.send(rank, SignalUnits{});
  }
  if (at_once || (cancel_at_ && *cancel_at_ <= now)) cancel_all(now);
}

void Coordinator::cancel_all(Instant now) {
  if (cancelled_) return;
  cancelled_ = true;
  cancel_at_.reset();
  if (options_.give_up_after) give_up_at_ = now + *options_.give_up_after;
  for (const auto& [rank, worker] : workers_) {
    if (!worker.batches.empty()) port_.send(rank, Cancel{});
  }
}

// As if these units had not been handed out; what is reported of them later does not count.
void Coordinator::give_up_running(Instant now) {
  give_up_at_.reset();
  while (!copies_.out.empty()) drop_copy(copies_.out.begin());
  for (auto& [rank, worker] : workers_) {
    while (!worker.batches.empty()) end_batch(worker, worker.batches.begin()->first, now);
    refile(worker);
  }
}

}  // namespace kiln::protocol
