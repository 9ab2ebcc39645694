#include "protocol/coordinator.hpp"
#include "protocol/retained.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace kiln::protocol {
namespace {

constexpr Duration kPatienceAfterFault = std::chrono::milliseconds(500);

std::uint64_t count_common(const schedule::IntervalSet& a, const schedule::IntervalSet& b) {
  std::uint64_t common = 0;
  for (const Interval interval : a.intervals()) common += b.intersection(interval).count();
  return common;
}

Interval hull(const Part& part) {
  Interval all{UnitId(UINT64_MAX), UnitId(0)};
  for (const Interval units : part.done) {
    all = {std::min(all.first, units.first), std::max(all.last, units.last)};
  }
  for (const UnitFailure& failure : part.failures) {
    all = {std::min(all.first, failure.unit), std::max(all.last, failure.unit.next())};
  }
  return all;
}

std::uint64_t count_units(const Part& part) {
  std::uint64_t count = part.failures.size();
  for (const Interval units : part.done) count += units.size();
  return count;
}

}  // namespace

Coordinator::Coordinator(CoordinatorOptions options, CoordinatorStart start, CoordinatorPort& port)
    : options_(std::move(options)),
      port_(port),
      self_(start.self),
      taken_(std::move(start.taken)),
      messages_(std::move(start.messages)),
      policy_(schedule::make_batch_policy(options_.batch)),
      ledger_(start.units),
      removed_(start.removed.count()),
      removed_done_(count_common(start.removed, start.done)),
      allowed_(options_.retries),
      gates_(options_.stages, start.done, start.dead),
      queue_({}, options_.queue, start.workers),
      given_({}, options_.queue, start.workers),
      lost_at_begin_(units_lost(start, taken_)),
      next_batch_(start.first_batch),
      next_commit_(start.first_commit),
      pending_(std::make_unique<CommitPlan>()),
      checkpoint_interval_(options_.checkpoint_every) {
  start.dead.erase(start.removed);
  ledger_.restore(start.done, start.dead);
  for (const Rank rank : start.workers) {
    workers_[rank].view.rank = rank;
    if (start.takeover) workers_[rank].held_up = Worker::HeldUp::unsure;
    if (start.held_up.contains(rank)) workers_[rank].held_up = Worker::HeldUp::yes;
  }
  setup_ = std::move(start.setup);
  schedule::IntervalSet open = gates_.let_through(units_to_do(start, taken_));
  suspect_at_begin(start, open);
  queue_ = schedule::UnitQueue(open, options_.queue, start.workers);
  for (const RetryClass& one : options_.retry_classes) allowed_.set(one.interval, one.retries);
}

void Coordinator::begin(Instant now) {
  blame_at_begin(now);
  for (const TakenOver& one : taken_) take_over(one, now);
  for (const auto& [rank, worker] : workers_) {
    if (!std::ranges::binary_search(taken_, rank, {}, &TakenOver::rank)) port_.send(rank, setup_);
  }
  taken_.clear();
  lose_units(std::exchange(lost_at_begin_, {}), self_, 1,
             "it was handed out, or about to be, when the coordinator or the whole job was lost", now);
  for (auto& [rank, message] : std::exchange(messages_, {})) hear(rank, std::move(message), now);
  step(now);
}

Coordinator::~Coordinator() = default;

void Coordinator::on_message(Rank from, Message message, Instant now) {
  hear(from, std::move(message), now);
  step(now);
}

void Coordinator::hear(Rank from, Message message, Instant now) {
  const auto found = workers_.find(from);
  copies_.again = true;
  if (auto* interrupted = std::get_if<Interrupted>(&message)) {
    on_interrupt(from, interrupted->at_once, now);
  } else if (const auto* fault = std::get_if<Fault>(&message)) {
    on(from, *fault, now);
  } else if (found == workers_.end()) {
    ++dropped_;
  } else if (auto* ready = std::get_if<Ready>(&message)) {
    on(found->second, *ready);
  } else if (auto* part = std::get_if<Part>(&message)) {
    on(found->second, *part, now);
  } else if (auto* given = std::get_if<GivenBack>(&message)) {
    on(found->second, *given, now);
  } else if (auto* segment = std::get_if<Segment>(&message)) {
    on(found->second, *segment, now);
  } else if (auto* given_up = std::get_if<GivenUp>(&message)) {
    on(found->second, *given_up, now);
  } else if (auto* ended = std::get_if<Ended>(&message)) {
    on(found->second, *ended, now);
  } else {
    ++dropped_;
  }
}

void Coordinator::on_tick(Instant now) { step(now); }

void Coordinator::step(Instant now) {
  if (finished_) return;
  if (cancel_at_ && now >= *cancel_at_) cancel_all(now);
  if (give_up_at_ && now >= *give_up_at_) give_up_running(now);
  look_at_time(now);
  give_again(now);
  if (may_hand_out()) dispatch(now);
  end_before_limit(now);
  look_for_held_up(now);
  save(now);
  finish_if_over();
}

void Coordinator::on(Worker& worker, const Ready& message) {
  if (message.call != setup_.call) return;  // late: of a stage that ended without this worker
  if (!worker.view.ready) ++ready_workers_;
  worker.view.ready = true;
  worker.held_up = Worker::HeldUp::no;
  worker.view.host = message.host;
  worker.view.pid = message.pid;
  refile(worker);
}

void Coordinator::on(Rank from, const Fault& message, Instant now) {
  if (finished_) return;
  port_.fault(from, message);
  begin_drain(Outcome::fault, true, now);
  // The rank may never report what it has: nothing of cancelled units is kept in any case.
  if (give_up_at_) give_up_at_ = std::min(*give_up_at_, now + kPatienceAfterFault);
}

// Everything a part names must be in that worker's hands: what is claimed twice or never handed out must not count.
bool Coordinator::fits(const Worker& worker, const Part& part) {
  const auto found = worker.batches.find(part.batch);
  if (found == worker.batches.end()) return false;
  schedule::IntervalSet named;
  std::uint64_t count = 0;
  for (const Interval units : part.done) {
    if (units.empty() || !found->second.units.contains(units)) return false;
    count += named.insert(units);
  }
  for (const UnitFailure& failure : part.failures) {
    if (!found->second.units.contains(failure.unit)) return false;
    count += named.insert(single(failure.unit));
  }
  if (part.held && !(part.rows.empty() && part.partials.empty())) return false;
  return count == count_units(part);
}

void Coordinator::on(Worker& worker, Part& part, Instant now) {
  heard(worker, part.number, Retained::bytes_of(part));
  if (!fits(worker, part)) {
    ++dropped_;
    return;
  }
  InFlight& batch = worker.batches.at(part.batch);
  if (worker.asked == Asked::had_none) worker.asked = Asked::no;
  if (const std::uint64_t count = count_units(part); count != 0) {
    worker.view.busy_seconds += part.busy_seconds;
    const double sample = part.busy_seconds / static_cast<double>(count);
    double& speed = worker.view.unit_seconds;
    speed = speed == 0 ? sample : 0.5 * speed + 0.5 * sample;
    if (speculates() || options_.time_limit) durations_.add(sample, count);
    record(worker, batch, part, now);
    worker.since = now;
  }
  worker.view.held_bytes = part.held_bytes;
  worker.full = part.full;
  worker.joinable = part.joinable;
  if (part.last || batch.units.empty()) end_batch(worker, part.batch, now);
  refile(worker);
}

void Coordinator::record(Worker& worker, InFlight& batch, Part& part, Instant now) {
  pending_->batches.push_back(
      {part.batch, worker.view.rank, hull(part), count_units(part), part.start, part.busy_seconds, part.records});
  for (const Interval units : part.done) {
    took(worker, batch, units);
    drop_copies(units);
    worker.view.units_done += units.size();
    count_done(units);
    part.held ? hold(worker, units, now) : void(pending_->done.insert(units));
    if (batch.suspect) suspects_.erase(units.first);
    if (!attempts_.empty()) attempts_.erase(attempts_.lower_bound(units.first), attempts_.lower_bound(units.last));
  }
  if (!part.done.empty() && !part.held) {
    port_.settled(part.rows, true);
    pending_->bytes += part.rows.size() + part.partials.size();
    if (!part.rows.empty()) pending_->rows.push_back(std::move(part.rows));
    if (!part.partials.empty()) pending_->partials.push_back(std::move(part.partials));
    touch_unsaved(now);
  }
  for (UnitFailure& failure : part.failures) fail(worker, batch, failure, now);
}

void Coordinator::fail(Worker& worker, InFlight& batch, UnitFailure& failure, Instant now) {
  took(worker, batch, single(failure.unit));
  if (failure.kind == FailureKind::cancelled && options_.no_rerun_lost) {
    return lose(failure.unit, worker.view.rank, batch.attempt, "it was ended as the run was stopped", now);
  }
  if (failure.kind == FailureKind::cancelled) {
    come_back(batch, single(failure.unit), now);
    return;
  }
  if (take_failed(failure.unit)) return;
  if (batch.suspect) suspects_.erase(failure.unit);
  const std::uint32_t failed = ++attempts_[failure.unit];
  const bool again = failed <= allowed_.at(failure.unit);
  port_.note_failure(failure.unit, worker.view.rank, failed, failure.reason, !again);
  if (!again) {
    set_aside(failure, failed, now);
    return;
  }
  const Duration wait = schedule::backoff_delay(options_.backoff, failed + 1, options_.seed, failure.unit);
  retries_.push({failure.unit, failed + 1, worker.view.rank, now + wait});
}

void Coordinator::set_aside(UnitFailure& failure, std::uint32_t attempts, Instant now) {
  attempts_.erase(failure.unit);
  if (!ledger_.mark_dead(failure.unit)) return;
  gates_.dead(failure.unit);
  pending_->dead.push_back({failure.unit, attempts, std::move(failure.reason)});
  port_.settled(failure.row, false);
  pending_->bytes += failure.row.size();
  if (!failure.row.empty()) pending_->rows.push_back(std::move(failure.row));
  touch_unsaved(now);
  ++failures_;
  if (failures_ >= options_.max_failures && !stop_as_) begin_drain(Outcome::too_many_failures, false, now);
}

// Units that come back unharmed are as they were before they were handed out.
void Coordinator::reopen(const InFlight& batch, Interval units, Instant now) {
  if (batch.suspect) return void(waiting_suspects_.insert(units.first));
  if (batch.attempt == 1) return queue().put_back(units);
  for (UnitId unit = units.first; unit < units.last; unit = unit.next()) {
    retries_.push({unit, batch.attempt, Rank(-1), now});
  }
}

void Coordinator::end_batch(Worker& worker, BatchId id, Instant now) {
  const auto found = worker.batches.find(id);
  if (found == worker.batches.end()) return;
  if (found->second.suspect) suspect_out_ = worker.alone = false;
  // A worker that says "last" while units are missing never reports them: they are open again.
  const InFlight batch = std::move(found->second);
  worker.batches.erase(found);
  for (const Interval units : batch.units.intervals()) {
    ++dropped_;
    worker.view.in_flight -= units.size();
    in_flight_ -= units.size();
    if (!options_.no_rerun_lost) come_back(batch, units, now);
  }
  if (!options_.no_rerun_lost) return;
  lose_units(batch.units, worker.view.rank, batch.attempt, "its worker did not report it", now);
}

void Coordinator::on(Worker& worker, const GivenBack& message, Instant now) {
  if (worker.asked == Asked::waiting) {
    --asks_out_;
    worker.asked = message.pieces.empty() && !worker.sent_since_ask ? Asked::had_none : Asked::no;
  }
  take_pieces(worker, message.pieces, now);
  refile(worker);
}

void Coordinator::take_pieces(Worker& worker, const std::vector<GivenBack::Piece>& pieces, Instant now) {
  for (const GivenBack::Piece& piece : pieces) {
    const auto found = worker.batches.find(piece.batch);
    const bool known = found != worker.batches.end() && found->second.units.contains(piece.units);
    if (!known && !piece.units.empty()) {
      ++dropped_;
      continue;
    }
    if (found == worker.batches.end()) continue;
    if (!piece.units.empty()) {
      took(worker, found->second, piece.units);
      come_back(found->second, piece.units, now);
    }
    if (piece.last || found->second.units.empty()) end_batch(worker, piece.batch, now);
  }
}

// `units` have left the worker's hands.
void Coordinator::took(Worker& worker, InFlight& batch, Interval units) {
  batch.units.erase(units);
  worker.view.in_flight -= units.size();
  in_flight_ -= units.size();
}

// Files the worker under what it may get or give, after anything about it has changed.
void Coordinator::refile(Worker& worker) {
  const Rank rank = worker.view.rank;
  const auto file = [rank](std::set<Rank>& set, bool in) { in ? void(set.insert(rank)) : void(set.erase(rank)); };
  const bool free = !worker.copy && !worker.busy && worker.give_ups_out == 0;
  const bool idle = worker.view.ready && worker.batches.empty() && !worker.full && free;
  const double left = worker.view.unit_seconds * static_cast<double>(worker.view.in_flight);
  const bool short_of_work = !options_.no_rerun_lost && !worker.batches.empty() && !worker.full && !worker.alone &&
                             free && worker.view.unit_seconds > 0 &&
                             schedule::may_have_ahead(worker.batches.size(), left);
  file(idle_, idle);
  file(ahead_, short_of_work);
  if (worker.filed_load != 0) loaded_.erase({worker.filed_load, rank});
  worker.filed_load = worker.asked == Asked::no && worker.view.in_flight >= 2 ? worker.view.in_flight : 0;
  if (worker.filed_load != 0) loaded_.insert({worker.filed_load, rank});
}

Coordinator::Counts Coordinator::counts() const {
  Counts counts;
  counts.units = ledger_.units() - removed_;
  counts.done = ledger_.done().count() - removed_done_;
  counts.failed = ledger_.dead().count();
  counts.committed = ledger_.committed().count() - removed_done_;
  counts.removed = removed_;
  counts.in_flight = in_flight_;
  counts.waiting = retries_.size() + waiting_suspects_.size();
  counts.suspects = waiting_suspects_.size();
  counts.gated = gates_.waiting();
  counts.blocked = gates_.blocked();
  counts.lost = lost_;
  counts.retried = retried_;
  counts.given = given_.count();
  counts.dropped = dropped_;
  counts.copies = copies_.started;
  counts.copies_won = copies_.won;
  return counts;
}

std::vector<Coordinator::WorkerView> Coordinator::workers() const {
  std::vector<WorkerView> views;
  views.reserve(workers_.size());
  for (const auto& [rank, worker] : workers_) {
    views.push_back(worker.view);
    views.back().held_units = worker.held.count();
    views.back().busy = worker.busy;
  }
  return views;
}

std::vector<Coordinator::RunningUnit> Coordinator::slowest(std::size_t most) const {
  std::vector<RunningUnit> running;
  for (const auto& [rank, worker] : workers_) {
    if (worker.batches.empty()) continue;
    const InFlight& front = worker.batches.begin()->second;  // a worker takes them in order
    if (front.units.empty()) continue;
    running.push_back({front.units.front()->first, rank, front.attempt, worker.since});
  }
  const auto count = static_cast<std::ptrdiff_t>(std::min(most, running.size()));
  std::partial_sort(
      running.begin(), running.begin() + count, running.end(),
      [](const RunningUnit& a, const RunningUnit& b) { return std::tie(a.since, a.unit) < std::tie(b.since, b.unit); });
  running.resize(static_cast<std::size_t>(count));
  return running;
}

}  // namespace kiln::protocol
