#include "protocol/coordinator.hpp"

#include <utility>

namespace kiln::protocol {

void Coordinator::hold(Worker& worker, Interval units, Instant now) {
  worker.held.insert(units);
  held_units_ += units.size();
  holders_.insert(worker.view.rank);
  touch_unsaved(now);
}

void Coordinator::ask_flushes() {
  for (const Rank rank : holders_) {
    workers_.at(rank).flush_asked = true;
    ++flushes_out_;
    port_.send(rank, Flush{});
  }
  if (flushes_out_ != 0) flushing_ = Flushing::asked;
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
  const bool asked = message.asked;
  if (!message.failed.empty() && !worker.held.empty()) {
    port_.note_segment_failed(rank, message.failed);
    segments_failing_.insert(rank);
    storage_failed(now);
  } else if (!fits(worker, message)) {
    ++dropped_;
  } else {
    if (segments_failing_.erase(rank) != 0) storage_works();
    for (const Interval units : message.units) {
      held_units_ -= worker.held.erase(units);
      pending_->done.insert(units);
    }
    if (worker.held.empty()) holders_.erase(rank);
    if (!message.units.empty()) {
      pending_->segments.push_back(std::move(message));
      touch_unsaved(now);
    }
  }
  if (asked) answered(worker);
  refile(worker);
}

}  // namespace kiln::protocol
