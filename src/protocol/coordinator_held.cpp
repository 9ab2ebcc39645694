#include "protocol/coordinator.hpp"
#include "protocol/retained.hpp"

#include <kiln/error.hpp>
#include <utility>

namespace kiln::protocol {

void Coordinator::hold(Worker& worker, Interval units, Instant now) {
  worker.held.insert(units);
  held_units_ += units.size();
  holders_.insert(worker.view.rank);
  touch_unsaved(now);
}

// Once, when nothing can follow: a checkpoint has to be on disk.
bool Coordinator::may_join() const {
  return options_.join_counts != 0 && (joining_ == Joining::no || joining_ == Joining::waits) && in_flight_ == 0 &&
         complete() && !stop_as_ && !storage_failing_since_ && port_.can_join() != CoordinatorPort::CanJoin::no;
}

// For a communicator, no longer than somebody makes it.
void Coordinator::look_at_waiting_join() {
  if (joining_ != Joining::waits) return;
  if (!may_join() || port_.can_join() == CoordinatorPort::CanJoin::yes) joining_ = Joining::no;
}

// Who holds what cannot be joined writes it first; then all others join at once.
void Coordinator::ask_flushes() {
  const bool join = may_join();
  for (const Rank rank : holders_) {
    Worker& worker = workers_.at(rank);
    if (join && worker.joinable) continue;
    worker.flush_asked = true;
    ++flushes_out_;
    port_.send(rank, Flush{});
  }
  if (flushes_out_ != 0) {
    flushing_ = Flushing::asked;
  } else if (join && !holders_.empty()) {
    port_.can_join() == CoordinatorPort::CanJoin::yes ? begin_join() : void(joining_ = Joining::waits);
  }
}

void Coordinator::begin_join() {
  const Join join{setup_.call, options_.join_counts};
  joining_ = Joining::now;
  for (const auto& [rank, worker] : workers_) port_.send(rank, join);
  port_.join(join);
}

void Coordinator::on_joined(const std::vector<Joined>& joined, std::size_t bytes, Instant now) {
  joining_ = Joining::over;
  for (const auto& [rank, worker] : workers_) port_.send(rank, JoinOver{false});
  bool any = false;
  for (const Joined& one : joined) {
    const auto found = workers_.find(one.rank);
    for (const Interval units : one.units) {
      if (found == workers_.end() || units.empty() || !found->second.held.contains(units)) {
        throw Error(ExitCode::internal, "a rank has given units to a join that it does not hold");
      }
      let_go(found->second, units);
      any = true;
    }
    if (found != workers_.end() && found->second.held.empty()) {
      found->second.view.held_bytes = 0;
      found->second.full = false;
    }
  }
  if (any) {
    pending_->joined = true;
    pending_->bytes += bytes;
    touch_unsaved(now);
  }
  step(now);
}

// The results of these units are with the worker no more.
void Coordinator::let_go(Worker& worker, Interval units) {
  held_units_ -= worker.held.erase(units);
  pending_->done.insert(units);
  if (worker.held.empty()) holders_.erase(worker.view.rank);
}

void Coordinator::answered(Worker& worker) {
  if (!std::exchange(worker.flush_asked, false) || --flushes_out_ != 0) return;
  // While segments fail, everything waits for the next try anyway.
  flushing_ = pending_->empty() || storage_failing_since_ ? Flushing::no : Flushing::answered;
}

// A segment counts as a whole: with a unit whose result is not held there, it would count twice or never was.
bool Coordinator::fits(const Worker& worker, const Segment& segment) {
  UnitId after;
  for (const Interval units : segment.units) {
    if (units.empty() || units.first < after || !worker.held.contains(units)) return false;
    after = units.last;
  }
  return segment.units.empty() == segment.file.empty() && segment.failed.empty();
}

void Coordinator::on(Worker& worker, Segment& message, Instant now) {
  const Rank rank = worker.view.rank;
  worker.view.held_bytes = message.held_bytes;
  worker.full = message.full;
  worker.joinable = message.joinable;
  const bool asked = message.asked;
  heard(worker, message.number, Retained::bytes_of(message));
  if (!message.failed.empty() && !worker.held.empty()) {
    port_.note_segment_failed(rank, message.failed);
    segments_failing_.insert(rank);
    storage_failed(now);
  } else if (!fits(worker, message)) {
    ++dropped_;
  } else {
    if (segments_failing_.erase(rank) != 0) storage_works();
    for (const Interval units : message.units) let_go(worker, units);
    // After a fault: a value that was joined in part is none.
    if (message.asked && message.units.empty() && stop_as_ == Outcome::fault) lose_held(worker, now);
    if (!message.units.empty()) {
      pending_->segments.push_back(std::move(message));
      touch_unsaved(now);
    }
  }
  if (asked) answered(worker);
  refile(worker);
}

}  // namespace kiln::protocol
