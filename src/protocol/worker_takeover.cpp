#include "protocol/worker.hpp"

#include <utility>

/// Worker: setups, and what it has when another coordinator takes over.
namespace kiln::protocol {

void Worker::on(const Setup& setup) {
  const bool took_over = std::exchange(between_, false);
  if (took_over && set_up_ && setup.call == ready_.call && setup.plan == plan_ && port_.is_at_setup()) {
    port_.send(ready_);
    return hand_over();
  }
  if (took_over) port_.forget_all();
  forget();
  ready_.call = setup.call;
  plan_ = setup.plan;
  if (took_over) port_.send(Holding{setup.call, {}, {}, 0, false, false, 0, 0});
  if (port_.set_up(setup)) on_set_up();
}

void Worker::forget() {
  asked_ = writing_ = writing_asked_ = failed_ = set_up_ = between_ = busy_ = false;
  copy_.reset();
  join_.reset();
  retained_.clear();
  in_hand_.clear();
  held_.clear();
  writing_units_.clear();
  joining_units_.clear();
}

void Worker::hand_over() {
  const WorkerPort::Held held = port_.held();
  Holding holding;
  holding.call = ready_.call;
  holding.batches = in_hand_.batches();
  schedule::IntervalSet units = held_;
  units.insert(writing_units_);
  holding.held = units.intervals();
  holding.held_bytes = held.bytes;
  holding.full = full(held);
  holding.joinable = held.joinable;
  holding.unit_seconds = unit_seconds_;
  holding.kept = retained_.messages().size();
  holding.busy = busy_;
  port_.send(holding);
  retained_.restate(holding.held_bytes, holding.full, holding.joinable);
  for (const Message& message : retained_.messages()) port_.send(message);
}

// The new coordinator knows of no copies.
void Worker::on_takeover() {
  between_ = true;
  drop_copy();
  asked_ = writing_asked_ = false;
  join_.reset();
  on(JoinOver{true});
}

// One that has not begun gave nothing. After a death other collectives are left with it, and what it says may come
// twice.
void Worker::on(const JoinOver& over) {
  if (std::exchange(join_, std::nullopt) && !over.keep) return;
  const bool held = port_.leave_join(over.keep);
  const schedule::IntervalSet given = std::exchange(joining_units_, {});
  if (over.keep && held) held_.insert(given);
}

}  // namespace kiln::protocol
