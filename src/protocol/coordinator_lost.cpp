#include "protocol/coordinator.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <utility>

/// Coordinator: what dead workers leave, and workers that come.
namespace kiln::protocol {
namespace {

// What a worker has begun and not reported: it reports twice a second, and what runs.
constexpr double kUnreportedSeconds = 2;

std::string lost_with(const Coordinator::WorkerView& worker) {
  const std::string host = worker.host.empty() ? "" : fmt::format(" ({})", worker.host);
  return fmt::format("lost with rank {}{}", worker.rank.value(), host);
}

}  // namespace

void Coordinator::on_dead(Rank rank, bool alone, Instant now) {
  const auto found = workers_.find(rank);
  if (finished_ || found == workers_.end()) return;
  Worker& worker = found->second;
  copies_.again = true;
  if (worker.copy) {
    copies_.spoiled.insert(*worker.copy);
    copies_.out.erase(*worker.copy);
  }
  lose_batches(worker, alone, now);
  lose_held(worker, now);
  if (worker.asked == Asked::waiting) --asks_out_;
  if (worker.view.ready) --ready_workers_;
  answered(worker);
  if (segments_failing_.erase(rank) != 0) storage_works();
  idle_.erase(rank);
  ahead_.erase(rank);
  if (worker.filed_load != 0) loaded_.erase({worker.filed_load, rank});
  workers_.erase(found);
  // A collective with a dead rank never ends. Where there is a new communicator in time, all join again.
  if (joining_ == Joining::waits) joining_ = Joining::no;
  if (joining_ == Joining::now) {
    joining_ = Joining::no;
    port_.leave_join();
    for (const auto& [other, living] : workers_) port_.send(other, JoinOver{true});
  }
  if (workers_.empty()) port_.work_alone();
  step(now);
}

void Coordinator::on_back(Rank rank, Instant now) {
  if (finished_) return;
  workers_[rank].view.rank = rank;
  workers_[rank].held_up = Worker::HeldUp::unsure;
  copies_.again = true;
  port_.send(rank, setup_);
  step(now);
}

// How many units of the batch in front the worker may have begun: of those behind, it has begun none.
std::uint64_t Coordinator::begun(const Worker& worker) const {
  if (worker.view.unit_seconds <= 0) return UINT64_MAX;
  const double units = std::ceil(kUnreportedSeconds / worker.view.unit_seconds);
  return units < 1e18 ? static_cast<std::uint64_t>(units) : UINT64_MAX;
}

void Coordinator::lose_batches(Worker& worker, bool alone, Instant now) {
  if (options_.no_rerun_lost) {
    const auto batches = std::exchange(worker.batches, {});
    in_flight_ -= std::exchange(worker.view.in_flight, 0);
    const std::string how = lost_with(worker.view);
    for (const auto& [id, batch] : batches) lose_units(batch.units, worker.view.rank, batch.attempt, how, now);
    return;
  }
  Look look{worker.view.rank, begun(worker)};
  in_flight_ -= std::exchange(worker.view.in_flight, 0);
  if (std::exchange(worker.alone, false)) suspect_out_ = false;
  for (auto& [id, batch] : std::exchange(worker.batches, {})) {
    if (alone) {
      suspect(batch);
      look.batches.push_back(std::move(batch));
      continue;
    }
    for (const Interval units : batch.units.intervals()) come_back(batch, units, now);
  }
  if (look.batches.empty()) return;
  looks_.push_back(std::move(look));
  port_.look_who_ended(worker.view.rank);
}

// Those of an earlier launch, as far as they could be handed out now.
void Coordinator::suspect_at_begin(const CoordinatorStart& start, schedule::IntervalSet& open) {
  for (const auto& [unit, ranks] : start.suspects) {
    if (!open.contains(unit)) continue;
    open.erase(single(unit));
    Suspect& one = suspects_[unit];
    for (const Rank rank : ranks) one.died.push_back({rank, true});
    waiting_suspects_.insert(unit);
  }
}

void Coordinator::blame_at_begin(Instant now) {
  const std::set<UnitId> units = waiting_suspects_;
  for (const UnitId unit : units) {
    if (suspects_.at(unit).to_blame()) blame(unit, "", now);
  }
}

// Until it is known how the rank has ended. A copy might end its rank as well.
void Coordinator::suspect(const InFlight& batch) {
  for (const Interval units : batch.units.intervals()) {
    drop_copies(units);
    for (UnitId unit = units.first; unit < units.last; unit = unit.next()) {
      Suspect& one = suspects_[unit];
      one.attempt = batch.attempt;
      one.waits = true;
      waiting_suspects_.insert(unit);
    }
  }
}

// Who came back may have died twice, of two units: the answers come in the order of the questions.
void Coordinator::on_who_ended(Rank rank, const ProcessEnd& end, Instant now) {
  const auto found = std::ranges::find(looks_, rank, &Look::rank);
  if (finished_ || found == looks_.end()) return;
  const Look look = std::move(*found);
  looks_.erase(found);
  const schedule::IntervalSet ran = look.what_ran(end);
  const bool named = end.itself && end.running.size() == 1 && ran.contains(end.running);
  for (InFlight batch : look.batches) {
    for (const Interval units : ran.intervals()) batch.units.erase(units);
    acquit(batch, now);
  }
  for (const Interval units : ran.intervals()) {
    for (UnitId unit = units.first; unit < units.last; unit = unit.next()) {
      Suspect& suspect = suspects_.at(unit);  // it was not handed out meanwhile
      suspect.waits = false;
      if (!look.has_one() && !named) continue;
      suspect.died.push_back({rank, end.itself});
      if (suspect.to_blame()) blame(unit, "", now);
    }
  }
  step(now);
}

// These had not begun: as if they had been given back.
void Coordinator::acquit(const InFlight& batch, Instant now) {
  for (const Interval units : batch.units.intervals()) {
    suspects_.erase(suspects_.lower_bound(units.first), suspects_.lower_bound(units.last));
    waiting_suspects_.erase(waiting_suspects_.lower_bound(units.first), waiting_suspects_.lower_bound(units.last));
    come_back(batch, units, now);
  }
}

// Done, but neither with a worker nor on disk: open again.
void Coordinator::lose_held(Worker& worker, Instant now) {
  const schedule::IntervalSet held = std::exchange(worker.held, {});
  ledger_.reopen(held);
  gates_.reopened(held);
  lost_ += held.count();
  held_units_ -= held.count();
  holders_.erase(worker.view.rank);
  if (!unsaved()) unsaved_since_.reset();
  if (options_.no_rerun_lost) return lose_units(held, worker.view.rank, 1, lost_with(worker.view), now);
  for (const Interval units : held.intervals()) queue_.put_back(units);
}

void Coordinator::hand_out_suspect(Instant now) {
  if (suspect_out_ || room() == 0) return;
  const auto first = std::ranges::find_if(waiting_suspects_, [this](UnitId unit) { return !suspects_.at(unit).waits; });
  if (first == waiting_suspects_.end()) return;
  const UnitId unit = *first;
  const Suspect& suspect = suspects_.at(unit);
  // One that may have ended a process must not end the last: there would be nobody to say so.
  if (!suspect.died.empty() && workers_.size() == 1 && workers_.contains(self_)) {
    blame(unit, ", and no other rank is left", now);
    return may_hand_out() ? hand_out_suspect(now) : void();  // it may have been one failure too many
  }
  Worker* const worker = worker_for(suspect);
  if (worker == nullptr || !in_time(*worker, now)) return;
  waiting_suspects_.erase(unit);
  suspect_out_ = worker->alone = true;
  send_batch(*worker, single(unit), suspect.attempt, now);
  worker->batches.begin()->second.suspect = true;
}

// Not the coordinator's own rank, as long as there are others.
Coordinator::Worker* Coordinator::worker_for(const Suspect& suspect) {
  Rank best(-1);
  for (const Rank rank : idle_) {
    if (rank == self_ && workers_.size() > 1) continue;
    if (best == Rank(-1) || (suspect.tried_on(best) && !suspect.tried_on(rank))) best = rank;
  }
  return best == Rank(-1) ? nullptr : &workers_.at(best);
}

void Coordinator::blame(UnitId unit, std::string_view why, Instant now) {
  const Suspect suspect = suspects_.at(unit);
  suspects_.erase(unit);
  waiting_suspects_.erase(unit);
  UnitFailure failure;
  failure.unit = unit;
  failure.reason = suspect.reason();
  failure.reason += why;
  const std::uint32_t attempts = suspect.attempt - 1 + static_cast<std::uint32_t>(suspect.died.size());
  failure.row = port_.row_of_lost(unit, failure.reason);
  port_.note_failure(unit, suspect.died.back().rank, attempts, failure.reason, true);
  set_aside(failure, attempts, now);
}

}  // namespace kiln::protocol
