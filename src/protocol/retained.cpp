#include "protocol/retained.hpp"

#include <algorithm>
#include <utility>

namespace kiln::protocol {
namespace {

constexpr std::size_t kMostIntervals = 4096;  // of parts that are kept as one

bool is_bare(const Part& part) {
  return part.rows.empty() && part.partials.empty() && part.failures.empty() && !part.held;
}

std::uint64_t number_of(const Message& message) {
  if (const auto* part = std::get_if<Part>(&message)) return part->number;
  const auto* segment = std::get_if<Segment>(&message);
  return segment == nullptr ? 0 : segment->number;
}

// Of what is kept: a bare part counts here.
std::uint64_t kept_bytes(const Message& message) {
  if (const auto* segment = std::get_if<Segment>(&message)) return Retained::bytes_of(*segment);
  const auto* part = std::get_if<Part>(&message);
  if (part == nullptr) return 0;
  return is_bare(*part) ? sizeof(Message) + part->done.size() * sizeof(Interval) : Retained::bytes_of(*part);
}

void append(std::vector<Interval>& to, const std::vector<Interval>& from) {
  for (const Interval units : from) {
    if (!to.empty() && to.back().last == units.first) {
      to.back().last = units.last;
    } else {
      to.push_back(units);
    }
  }
}

}  // namespace

std::uint64_t Retained::bytes_of(const Part& part) {
  if (is_bare(part) || (part.held && part.failures.empty())) return 0;
  std::uint64_t bytes = sizeof(Message) + part.rows.size() + part.partials.size() + part.done.size() * sizeof(Interval);
  for (const UnitFailure& failure : part.failures) {
    bytes += sizeof(UnitFailure) + failure.reason.size() + failure.row.size();
  }
  return bytes;
}

std::uint64_t Retained::bytes_of(const Segment& segment) {
  return segment.units.empty() ? 0 : sizeof(Message) + segment.file.size() + segment.units.size() * sizeof(Interval);
}

void Retained::keep(Message&& message) {
  if (!on()) return;
  if (const auto* segment = std::get_if<Segment>(&message)) {
    if (!segment->units.empty()) put(std::move(message));
    return;
  }
  auto* const part = std::get_if<Part>(&message);
  if (part == nullptr) return;
  if (part->held) {
    part->held = false;
    part->done.clear();
  }
  // What was cancelled is open wherever nobody has it.
  std::erase_if(part->failures, [](const UnitFailure& failure) { return failure.kind == FailureKind::cancelled; });
  if (part->done.empty() && part->failures.empty()) return;
  if (!add_to_last(*part)) put(std::move(message));
}

// Without their results two parts are as good as one; a retry's is kept apart from a first try's.
bool Retained::add_to_last(const Part& part) {
  auto* const last = messages_.empty() ? nullptr : std::get_if<Part>(&messages_.back());
  if (last == nullptr || !is_bare(part) || !is_bare(*last) || last->attempt > 1 || part.attempt > 1) return false;
  if (last->done.size() >= kMostIntervals || last->number / kMostIntervals != part.number / kMostIntervals)
    return false;
  const std::size_t before = last->done.size();
  append(last->done, part.done);
  bytes_ += (last->done.size() - before) * sizeof(Interval);
  last->batch = part.batch;
  last->number = part.number;
  last->last = part.last;
  return true;
}

void Retained::put(Message&& message) {
  bytes_ += kept_bytes(message);
  messages_.push_back(std::move(message));
  while (bytes_ > most_ && !messages_.empty()) {
    dropped_ = true;
    bytes_ -= kept_bytes(messages_.front());
    messages_.pop_front();
  }
}

void Retained::restate(std::uint64_t held_bytes, bool full, bool joinable) {
  const auto say = [&](auto& message) {
    message.held_bytes = held_bytes;
    message.full = full;
    message.joinable = joinable;
  };
  for (Message& message : messages_) {
    if (auto* const part = std::get_if<Part>(&message)) say(*part);
    if (auto* const segment = std::get_if<Segment>(&message)) say(*segment);
  }
}

void Retained::committed(std::uint64_t number) {
  while (!messages_.empty() && number_of(messages_.front()) <= number) {
    bytes_ -= kept_bytes(messages_.front());
    messages_.pop_front();
  }
}

void Retained::clear() {
  messages_.clear();
  bytes_ = number_ = 0;
  dropped_ = false;
}

}  // namespace kiln::protocol
