#include "protocol/worker.hpp"

#include <algorithm>
#include <utility>

namespace kiln::protocol {

Worker::Worker(Ready ready, WorkerPort& port, std::uint64_t hold_bytes)
    : ready_(std::move(ready)), port_(port), hold_bytes_(hold_bytes) {}

void Worker::on_message(Message message) {
  if (left_) return;
  if (auto* setup = std::get_if<Setup>(&message)) {
    ready_.call = setup->call;
    failed_ = false;
    if (port_.set_up(*setup)) on_set_up();
  } else if (auto* batch = std::get_if<Batch>(&message)) {
    port_.submit(std::move(*batch));
  } else if (auto* take_back = std::get_if<TakeBack>(&message)) {
    port_.send(GivenBack{port_.take_back(take_back->share)});
  } else if (std::holds_alternative<Cancel>(message)) {
    port_.cancel();
  } else if (std::holds_alternative<SignalUnits>(message)) {
    port_.signal_units();
  } else if (auto* stop = std::get_if<Stop>(&message)) {
    left_ = true;
    port_.leave(stop->exit_code);
  } else if (std::holds_alternative<Flush>(message)) {
    asked_ = true;
    write_if_wanted();
  } else if (const auto* join = std::get_if<Join>(&message)) {
    join_ = *join;
    join_if_wanted();
  } else if (const auto* over = std::get_if<JoinOver>(&message)) {
    // One that has not begun gave nothing.
    std::exchange(join_, std::nullopt) ? void() : port_.leave_join(over->keep);
  } else if (auto* answer = std::get_if<Answer>(&message)) {
    port_.answer(std::move(*answer));
  } else if (const auto* announce = std::get_if<Announce>(&message)) {
    port_.announce(*announce);
  }
}

void Worker::on_set_up() {
  asked_ = writing_ = writing_asked_ = false;  // of a stage that is over
  join_.reset();
  if (!left_) port_.send(ready_);
}

void Worker::on_part(Part part) {
  if (left_) return;
  const WorkerPort::Held held = port_.held();
  part.held_bytes = held.bytes;
  part.full = full(held);
  part.joinable = held.joinable;
  port_.send(std::move(part));
  write_if_wanted();
}

void Worker::on_segment(Segment segment) {
  writing_ = false;
  failed_ = !segment.failed.empty();
  if (left_) return;
  const WorkerPort::Held held = port_.held();
  segment.asked = std::exchange(writing_asked_, false);
  segment.held_bytes = held.bytes;
  segment.full = full(held);
  segment.joinable = held.joinable;
  port_.send(std::move(segment));
  write_if_wanted();
}

void Worker::on_tick() {
  if (left_) return;
  join_if_wanted();
  write_if_wanted();
}

void Worker::on_taken_up() {
  asked_ = writing_ = writing_asked_ = failed_ = false;
  join_.reset();
  port_.forget_all();
}

void Worker::on_fault(Fault fault) {
  if (!left_) port_.send(std::move(fault));
}

void Worker::on_interrupt(bool at_once) {
  if (!left_) port_.send(Interrupted{at_once});
}

bool Worker::holds_much(const WorkerPort::Held& held) const {
  return held.bytes > std::max(hold_bytes_ / 2, 2 * held.largest_part);
}

bool Worker::full(const WorkerPort::Held& held) const {
  return held.bytes > std::max(hold_bytes_, 4 * held.largest_part);
}

void Worker::join_if_wanted() {
  if (join_ && port_.join(*join_)) join_.reset();
}

// A write that is under way does not have what came after it began: a question waits for the next one.
void Worker::write_if_wanted() {
  if (writing_ || join_) return;
  if (!asked_ && (failed_ || !holds_much(port_.held()))) return;
  switch (port_.write_segment()) {
    case WorkerPort::Writing::began:
      writing_ = true;
      writing_asked_ = std::exchange(asked_, false);
      return;
    case WorkerPort::Writing::nothing:
      if (!std::exchange(asked_, false)) return;
      {
        Segment none;
        none.asked = true;
        port_.send(std::move(none));
      }
      return;
    case WorkerPort::Writing::later:
      return;
  }
}

}  // namespace kiln::protocol
