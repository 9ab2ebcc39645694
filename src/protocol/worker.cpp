#include "protocol/worker.hpp"

#include <algorithm>
#include <utility>

namespace kiln::protocol {

Worker::Worker(Ready ready, WorkerPort& port, std::uint64_t hold_bytes, std::uint64_t retain_bytes)
    : ready_(std::move(ready)), port_(port), hold_bytes_(hold_bytes), retained_(retain_bytes) {}

// Between two coordinators nobody is there to send it to: it goes with what is retained.
template <class Result>
void Worker::send_result(Result&& result) {
  result.number = retained_.next_number();
  Message message(std::forward<Result>(result));
  if (!between_) port_.send(message);
  retained_.keep(std::move(message));
}

void Worker::on_message(Message message) {
  if (left_) return;
  if (const auto* setup = std::get_if<Setup>(&message)) {
    on(*setup);
  } else if (auto* batch = std::get_if<Batch>(&message)) {
    if (batch->copy) {
      copy_ = Batch{batch->id, batch->units, batch->attempt, {}, true};
    } else if (retained_.on()) {
      in_hand_.add(*batch);
    }
    port_.submit(std::move(*batch));
  } else if (const auto* back = std::get_if<TakeBack>(&message)) {
    take_back(back->share);
  } else if (const auto* committed = std::get_if<Committed>(&message)) {
    retained_.committed(committed->number);
  } else if (std::holds_alternative<Cancel>(message)) {
    port_.cancel();
  } else if (std::holds_alternative<SignalUnits>(message)) {
    port_.signal_units();
  } else if (const auto* question = std::get_if<GiveUp>(&message)) {
    on(*question);
  } else if (const auto* settled = std::get_if<Settle>(&message)) {
    on(*settled);
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
    on(*over);
  } else if (auto* answer = std::get_if<Answer>(&message)) {
    port_.answer(std::move(*answer));
  } else if (const auto* announce = std::get_if<Announce>(&message)) {
    port_.announce(*announce);
  } else if (const auto* group = std::get_if<Group>(&message)) {
    port_.group(*group);
  } else if (const auto* make = std::get_if<MakeGroup>(&message)) {
    port_.make_group(make->number);
  }
}

void Worker::take_back(TakeBack::Share share) {
  GivenBack given{port_.take_back(share)};
  if (retained_.on()) {
    for (const GivenBack::Piece& piece : given.pieces) in_hand_.remove(piece);
  }
  port_.send(given);
}

void Worker::on_set_up() {
  asked_ = writing_ = writing_asked_ = false;  // of a stage that is over
  join_.reset();
  set_up_ = true;
  if (!left_) port_.send(ready_);
}

void Worker::on_part(Part part) {
  if (left_) return;
  const WorkerPort::Held held = port_.held();
  part.held_bytes = held.bytes;
  part.full = full(held);
  part.joinable = held.joinable;
  if (retained_.on()) note(part);
  send_result(std::move(part));
  write_if_wanted();
}

// In the worker's own books.
void Worker::note(Part& part) {
  part.attempt = in_hand_.attempt(part.batch);
  in_hand_.remove(part);
  std::uint64_t count = part.failures.size();
  for (const Interval units : part.done) {
    count += units.size();
    if (part.held) held_.insert(units);
  }
  if (count == 0) return;
  const double sample = part.busy_seconds / static_cast<double>(count);
  unit_seconds_ = unit_seconds_ == 0 ? sample : 0.5 * unit_seconds_ + 0.5 * sample;
}

void Worker::on_segment(Segment segment) {
  writing_ = false;
  failed_ = !segment.failed.empty();
  if (failed_) held_.insert(writing_units_);
  writing_units_.clear();
  if (left_) return;
  const WorkerPort::Held held = port_.held();
  segment.asked = std::exchange(writing_asked_, false);
  segment.held_bytes = held.bytes;
  segment.full = full(held);
  segment.joinable = held.joinable;
  send_result(std::move(segment));
  write_if_wanted();
}

void Worker::on_tick() {
  if (left_) return;
  join_if_wanted();
  write_if_wanted();
}

void Worker::on_taken_up() {
  forget();
  port_.forget_all();
}

void Worker::on_fault(Fault fault) {
  if (!left_) port_.send(std::move(fault));
}

void Worker::on_interrupt(bool at_once) {
  if (!left_) port_.send(Interrupted{at_once});
}

std::uint64_t Worker::most(const WorkerPort::Held& held) const { return held.most != 0 ? held.most : hold_bytes_; }

bool Worker::holds_much(const WorkerPort::Held& held) const {
  return held.bytes > std::max(most(held) / 2, 2 * held.largest_part);
}

bool Worker::full(const WorkerPort::Held& held) const {
  return held.bytes > std::max(most(held), 4 * held.largest_part);
}

void Worker::join_if_wanted() {
  if (!join_ || !port_.join(*join_)) return;
  join_.reset();
  joining_units_ = std::exchange(held_, {});
}

// A write that is under way does not have what came after it began: a question waits for the next one.
void Worker::write_if_wanted() {
  if (writing_ || join_ || between_) return;
  if (!asked_ && (failed_ || !holds_much(port_.held()))) return;
  switch (port_.write_segment()) {
    case WorkerPort::Writing::began:
      writing_ = true;
      writing_asked_ = std::exchange(asked_, false);
      writing_units_ = std::exchange(held_, {});
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
