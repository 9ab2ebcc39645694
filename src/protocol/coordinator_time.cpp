#include "protocol/coordinator.hpp"

#include <algorithm>

/// Coordinator: the time limit of the run.
namespace kiln::protocol {

std::uint64_t Coordinator::units_in_time(const Worker& worker, Instant now) const {
  if (!options_.time_limit) return UINT64_MAX;
  const double given = worker.view.unit_seconds * static_cast<double>(worker.view.in_flight);
  const double in_hand = worker.batches.empty() ? 0 : std::max(0.0, given - to_seconds(now - worker.since));
  return schedule::units_that_fit(*options_.time_limit, now, durations_, {worker.view.unit_seconds, in_hand});
}

bool Coordinator::in_time(const Worker& worker, Instant now) {
  if (units_in_time(worker, now) != 0) return true;
  held_back_ = true;
  return false;
}

// Before anything is handed out.
void Coordinator::look_at_time(Instant now) {
  held_back_ = false;
  if (options_.time_limit && now >= options_.time_limit->end) stop_in_time(now);
}

// After that: nobody works, and what is left takes too long.
void Coordinator::end_before_limit(Instant now) {
  if (held_back_ && in_flight_ == 0 && giving_.empty()) stop_in_time(now);
}

// Not where it has ended, or is about to; one that ends for its failures waits for what runs.
bool Coordinator::may_stop_in_time() const {
  const bool waits = stop_as_ == Outcome::too_many_failures && !cancel_at_ && !cancelled_;
  return !complete() && (!stop_as_ || waits);
}

void Coordinator::stop_in_time(Instant now) {
  if (!may_stop_in_time()) return;
  stopped_in_time_ = true;
  begin_drain(Outcome::interrupted, options_.grace <= Duration::zero(), now);
}

}  // namespace kiln::protocol
