#include "protocol/coordinator.hpp"

/// Coordinator: what workers have from the coordinator before.
namespace kiln::protocol {

schedule::IntervalSet Coordinator::units_to_do(const CoordinatorStart& start, const std::vector<TakenOver>& taken) {
  schedule::IntervalSet open(make_interval(0, start.units));
  open.erase(start.done);
  open.erase(start.dead);
  open.erase(start.removed);
  open.erase(start.given);
  for (const TakenOver& one : taken) {
    open.erase(one.held);
    for (const Holding::Batch& batch : one.batches) {
      for (const Interval units : batch.units) open.erase(units);
    }
  }
  return open;
}

schedule::IntervalSet Coordinator::units_lost(const CoordinatorStart& start, const std::vector<TakenOver>& taken) {
  schedule::IntervalSet lost = start.given;
  lost.erase(start.done);
  lost.erase(start.dead);
  lost.erase(start.removed);
  for (const TakenOver& one : taken) {
    lost.erase(one.held);
    for (const Holding::Batch& batch : one.batches) {
      for (const Interval units : batch.units) lost.erase(units);
    }
  }
  return lost;
}

void Coordinator::take_over(const TakenOver& taken, Instant now) {
  Worker& worker = workers_.at(taken.rank);
  for (const Holding::Batch& batch : taken.batches) {
    InFlight& in_flight = worker.batches[batch.id];
    in_flight.attempt = batch.attempt;
    for (const Interval units : batch.units) {
      in_flight.units.insert(units);
      for (UnitId unit = units.first; batch.attempt > 1 && unit < units.last; unit = unit.next()) {
        attempts_[unit] = batch.attempt - 1;
      }
    }
    worker.view.in_flight += in_flight.units.count();
    in_flight_ += in_flight.units.count();
  }
  for (const Interval units : taken.held.intervals()) {
    count_done(units);
    hold(worker, units, now);
  }
  worker.since = now;
  worker.view.held_bytes = taken.held_bytes;
  worker.view.unit_seconds = taken.unit_seconds;
  worker.full = taken.full;
  worker.joinable = taken.joinable;
  worker.busy = taken.busy;
  worker.retained.heard = taken.committed;
}

}  // namespace kiln::protocol
