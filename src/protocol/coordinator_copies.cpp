#include "protocol/coordinator.hpp"

#include <algorithm>
#include <utility>
#include <vector>

/// Coordinator: units that take much longer than others, when nothing else is left: another worker gets a copy. Such
/// units stay in the hands of who has them. Whoever ends first wins, and it is decided here: a copy that is done stays
/// apart, on its worker, until the other one has given the units up; then the batch of the copy is its worker's like
/// any other. If they are done there meanwhile, the copy is dropped.
namespace kiln::protocol {
namespace {

constexpr Duration kLookEvery = std::chrono::milliseconds(100);  // at most

}  // namespace

bool Coordinator::may_copy() const {
  return may_hand_out() && !idle_.empty() && in_flight_ != 0 && queue_.empty() && retries_.empty() &&
         waiting_suspects_.empty();
}

// A copy never keeps work waiting that nobody has.
void Coordinator::speculate(Instant now) {
  const bool waits = !queue_.empty() || !waiting_suspects_.empty() || retries_.any_due(now);
  if (waits && idle_.empty()) drop_running_copies();
  if (!may_copy()) return;
  const bool due = copies_.again ? now - copies_.looked >= kLookEvery : copies_.look && now >= *copies_.look;
  if (due) look_for_late(now);
}

std::optional<Instant> Coordinator::next_look() const {
  if (!speculates() || !may_copy()) return std::nullopt;
  return copies_.again ? copies_.looked + kLookEvery : copies_.look;
}

// All that it has is what it runs: the rest of its batch is done, or was given back.
bool Coordinator::may_be_copied(const Worker& worker) const {
  if (worker.batches.size() != 1 || worker.give_ups_out != 0) return false;
  if (options_.speculate == Speculate::others && worker.view.rank == self_) return false;
  if (worker.view.in_flight != 1 && worker.asked != Asked::had_none) return false;
  const InFlight& batch = worker.batches.begin()->second;
  if (batch.suspect || batch.units.intervals().size() != 1) return false;
  const UnitId first = batch.units.front()->first;
  return !copies_.out.contains(first) && !copies_.spoiled.contains(first);
}

void Coordinator::look_for_late(Instant now) {
  copies_.again = false;
  copies_.looked = now;
  copies_.look.reset();
  std::vector<std::pair<double, Rank>> late;
  for (const auto& [rank, worker] : workers_) {
    if (!may_be_copied(worker)) continue;
    const auto after = schedule::late_after(durations_, worker.view.in_flight);
    if (!after) return;
    const double by = to_seconds(now - worker.since) - *after;
    if (by >= 0) {
      late.emplace_back(-by, rank);
    } else {
      const Instant then = std::max(now + kLookEvery, now + from_seconds(-by));
      copies_.look = std::min(copies_.look.value_or(then), then);
    }
  }
  std::ranges::sort(late);
  for (const auto& [by, rank] : late) {
    Worker& from = workers_.at(rank);
    Worker* const to = worker_for_copy(from);
    if (to == nullptr || units_in_time(*to, now) == 0) return;
    send_copy(from, *to, now);
  }
}

// Another node than that of the late one, where there is one.
Coordinator::Worker* Coordinator::worker_for_copy(const Worker& late) {
  Worker* any = nullptr;
  for (const Rank rank : idle_) {
    if (options_.speculate == Speculate::others && rank == self_) continue;
    Worker& worker = workers_.at(rank);
    if (worker.view.host != late.view.host) return &worker;
    if (any == nullptr) any = &worker;
  }
  return any;
}

void Coordinator::send_copy(Worker& from, Worker& to, Instant now) {
  const auto& [of, batch] = *from.batches.begin();
  const Interval units = *batch.units.front();
  const BatchId id(next_batch_++);
  copies_.out[units.first] = {id, units, batch.attempt, from.view.rank, of, to.view.rank, now, false};
  to.copy = units.first;
  ++copies_.started;
  refile(to);
  port_.send(to.view.rank, Batch{id, units, batch.attempt, {}, true});
}

void Coordinator::on(Worker& worker, const Ended& message, Instant now) {
  const auto copy = worker.copy ? copies_.out.find(*worker.copy) : copies_.out.end();
  if (copy != copies_.out.end() && copy->second.id == message.batch) {
    if (message.done) {
      copy->second.done = true;
      Worker& from = workers_.at(copy->second.from);
      ++from.give_ups_out;
      refile(from);
      port_.send(copy->second.from, GiveUp{copy->second.of, copy->second.units});
    } else {
      copies_.spoiled.insert(copy->first);
      copies_.out.erase(copy);
      worker.copy.reset();
    }
  } else if (!worker.batches.contains(message.batch)) {
    worker.busy = false;
  } else if (!message.done) {
    // It had failed before it became the only one: its units are open again.
    const schedule::IntervalSet left = worker.batches.at(message.batch).units;
    for (const Interval units : left.intervals()) take_pieces(worker, {{message.batch, units, true}}, now);
  }
  refile(worker);
}

void Coordinator::on(Worker& worker, const GivenUp& message, Instant now) {
  if (worker.give_ups_out != 0) --worker.give_ups_out;
  if (message.busy) worker.busy = true;
  take_pieces(worker, message.pieces, now);
  const auto asked =
      std::ranges::find_if(copies_.out, [&](const auto& one) { return one.second.from == worker.view.rank; });
  // The units were done before the question came.
  if (asked != copies_.out.end() && asked->second.done) drop_copy(asked);
  refile(worker);
}

// These units have left the hands of their worker unharmed: a copy of them goes on in its place.
void Coordinator::come_back(const InFlight& batch, Interval units, Instant now) {
  const auto copy = copies_.out.empty() ? copies_.out.end() : copies_.find(units);
  if (copy == copies_.out.end()) return reopen(batch, units, now);
  const Interval copied = copy->second.units;
  if (intersect(copied, units) != copied) {
    drop_copy(copy);
    return reopen(batch, units, now);
  }
  keep_copy(copy);
  if (units.first < copied.first) reopen(batch, {units.first, copied.first}, now);
  if (copied.last < units.last) reopen(batch, {copied.last, units.last}, now);
}

// A unit has failed. A copy of it may still succeed: then that was no failure. But once only: of a unit that fails
// wherever it runs, two workers would make copies in turn for ever.
bool Coordinator::take_failed(UnitId unit) {
  const auto copy = copies_.out.empty() ? copies_.out.end() : copies_.find(single(unit));
  if (copy == copies_.out.end()) return false;
  const bool only = copy->second.units.size() == 1;
  if (only) copies_.spoiled.insert(unit);
  only ? keep_copy(copy) : drop_copy(copy);
  return only;
}

// It is all there is of its units now.
void Coordinator::keep_copy(std::map<UnitId, Copy>::iterator found) {
  const Copy copy = found->second;
  copies_.out.erase(found);
  Worker& worker = workers_.at(copy.to);
  worker.copy.reset();
  if (worker.batches.empty()) worker.since = copy.begun;
  worker.batches[copy.id] = {schedule::IntervalSet(copy.units), copy.attempt};
  worker.view.in_flight += copy.units.size();
  in_flight_ += copy.units.size();
  ++copies_.won;
  refile(worker);
  port_.send(copy.to, Settle{copy.id, true});
}

void Coordinator::drop_copy(std::map<UnitId, Copy>::iterator found) {
  const Copy copy = found->second;
  copies_.out.erase(found);
  Worker& worker = workers_.at(copy.to);
  worker.copy.reset();
  worker.busy = !copy.done;
  refile(worker);
  port_.send(copy.to, Settle{copy.id, false});
}

// Of units that are done, or that nobody is to run now.
void Coordinator::drop_copies(Interval units) {
  if (copies_.out.empty() || units.empty()) return;
  for (auto copy = copies_.find(units); copy != copies_.out.end(); copy = copies_.find(units)) drop_copy(copy);
}

void Coordinator::drop_running_copies() {
  for (auto next = copies_.out.begin(); next != copies_.out.end();) {
    const auto copy = next++;
    if (!copy->second.done) drop_copy(copy);
  }
}

}  // namespace kiln::protocol
