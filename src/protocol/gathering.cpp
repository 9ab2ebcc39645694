#include "protocol/gathering.hpp"

#include <algorithm>
#include <utility>

namespace kiln::protocol {
namespace {

// Whether all of it was new.
bool insert_all(schedule::IntervalSet& set, const std::vector<Interval>& intervals) {
  for (const Interval units : intervals) {
    if (units.empty() || set.insert(units) != units.size()) return false;
  }
  return true;
}

std::uint64_t count(const std::vector<Interval>& intervals) {
  std::uint64_t units = 0;
  for (const Interval one : intervals) units += one.size();
  return units;
}

bool is_result(const Message& message) {
  return std::holds_alternative<Part>(message) || std::holds_alternative<Segment>(message);
}

// Of a rank that does not count, too.
bool is_for_all(const Message& message) {
  return std::holds_alternative<Interrupted>(message) || std::holds_alternative<Fault>(message);
}

void add_to(std::vector<Holding::Batch>& batches, BatchId id, std::uint32_t attempt, Interval units) {
  auto found = std::ranges::find(batches, id, &Holding::Batch::id);
  if (found == batches.end()) found = batches.insert(found, {id, std::max(attempt, 1U), {}});
  found->units.push_back(units);
}

}  // namespace

Gathering::Gathering(CoordinatorStart start) : start_(std::move(start)), settled_(start_.done) {
  settled_.insert(start_.dead);
  settled_.insert(start_.removed);
  for (const Rank rank : start_.workers) answers_[rank].taken.rank = rank;
  waiting_ = answers_.size();
}

void Gathering::on_message(Rank from, Message message) {
  const auto found = answers_.find(from);
  if (found == answers_.end()) {
    if (is_for_all(message)) heard_.push_back({from, std::move(message)});
    return;
  }
  Answer& answer = found->second;
  if (auto* holding = std::get_if<Holding>(&message)) {
    if (std::exchange(answer.came, true)) return;
    for (const Interval units : holding->held) answer.taken.held.insert(units);
    answer.taken.batches = std::move(holding->batches);
    answer.taken.held_bytes = holding->held_bytes;
    answer.taken.full = holding->full;
    answer.taken.joinable = holding->joinable;
    answer.taken.unit_seconds = holding->unit_seconds;
    answer.taken.busy = holding->busy;
    answer.kept = holding->kept;
    return end_if_complete(answer);
  }
  const bool resent = answer.kept != 0 && is_result(message);
  heard_.push_back({from, std::move(message), resent});
  if (!resent) return;
  answer.resent.push_back(heard_.size() - 1);
  --answer.kept;
  end_if_complete(answer);
}

void Gathering::end_if_complete(const Answer& answer) {
  if (answer.came && answer.kept == 0) --waiting_;
}

void Gathering::on_dead(Rank rank) {
  std::erase(back_, rank);
  const auto found = answers_.find(rank);
  if (found == answers_.end()) return;
  if (!found->second.came || found->second.kept != 0) --waiting_;
  drop(rank);
}

void Gathering::on_back(Rank rank) { back_.push_back(rank); }

void Gathering::drop(Rank rank) {
  answers_.erase(rank);
  std::erase(start_.workers, rank);
  for (Heard& heard : heard_) {
    if (heard.from == rank && !is_for_all(heard.message)) heard.counts = false;
  }
}

Gathering::Journalled Gathering::journalled(const std::vector<Interval>& units) const {
  std::uint64_t there = 0;
  for (const Interval one : units) there += settled_.intersection(one).count();
  if (there == 0) return Journalled::none;
  return there == count(units) ? Journalled::all : Journalled::some;
}

// A part counts as a whole, as its results are joined; without any, each of its units counts on its own.
bool Gathering::claim_part(Answer& answer, Part& part, schedule::IntervalSet& claims) const {
  const bool bare = part.rows.empty() && part.partials.empty();
  switch (journalled(part.done)) {
    case Journalled::none:
      break;
    case Journalled::some:
      if (!bare) return false;
      {
        schedule::IntervalSet left;
        for (const Interval units : part.done) left.insert(settled_.missing(units));
        part.done = left.intervals();
      }
      break;
    case Journalled::all:
      part.done.clear();
      part.rows.clear();
      part.partials.clear();
      break;
  }
  for (const Interval units : part.done) add_to(answer.taken.batches, part.batch, part.attempt, units);
  return insert_all(claims, part.done);
}

bool Gathering::claim_segment(Answer& answer, Heard& heard, schedule::IntervalSet& claims) const {
  const Segment& segment = std::get<Segment>(heard.message);
  switch (journalled(segment.units)) {
    case Journalled::some:
      return false;
    case Journalled::all:
      heard.counts = false;
      answer.taken.committed = std::max(answer.taken.committed, segment.number);
      return true;
    case Journalled::none:
      break;
  }
  for (const Interval units : segment.units) answer.taken.held.insert(units);
  return insert_all(claims, segment.units);
}

bool Gathering::claim_again(Answer& answer, Heard& heard, schedule::IntervalSet& claims) const {
  if (std::holds_alternative<Segment>(heard.message)) return claim_segment(answer, heard, claims);
  return claim_part(answer, std::get<Part>(heard.message), claims);
}

// All that the worker has: units that exist, that the journal does not have, that no other worker has, each once.
bool Gathering::claim(Answer& answer) {
  schedule::IntervalSet claims;
  for (const Holding::Batch& batch : answer.taken.batches) {
    if (!insert_all(claims, batch.units) || (batch.attempt > 1 && count(batch.units) != 1)) return false;
  }
  if (!insert_all(claims, answer.taken.held.intervals())) return false;
  for (const std::size_t index : answer.resent) {
    if (!claim_again(answer, heard_[index], claims)) return false;
  }
  const Interval all = make_interval(0, start_.units);
  for (const Interval units : claims.intervals()) {
    if (intersect(units, all) != units || settled_.overlaps(units) || claimed_.overlaps(units)) return false;
  }
  claimed_.insert(claims);
  return true;
}

void Gathering::choose_failures() {
  struct Last {
    std::uint32_t attempt = 0;
    const Heard* heard = nullptr;
  };
  std::map<UnitId, Last> chosen;
  const auto each = [this](const auto& visit) {
    for (Heard& heard : heard_) {
      auto* const part = heard.resent && heard.counts ? std::get_if<Part>(&heard.message) : nullptr;
      if (part != nullptr) visit(heard, *part);
    }
  };
  each([&](const Heard& heard, const Part& part) {
    for (const UnitFailure& failure : part.failures) {
      const UnitId unit = failure.unit;
      if (unit.value() >= start_.units || settled_.contains(unit) || claimed_.contains(unit)) continue;
      if (start_.given.contains(unit)) continue;  // its next try may have begun on a rank that is dead
      Last& last = chosen[unit];
      if (last.heard == nullptr || part.attempt > last.attempt) last = {part.attempt, &heard};
    }
  });
  each([&](Heard& heard, Part& part) {
    std::erase_if(part.failures, [&](const UnitFailure& failure) {
      const auto found = chosen.find(failure.unit);
      if (found == chosen.end() || found->second.heard != &heard) return true;
      found->second.heard = nullptr;  // once
      add_to(answers_.at(heard.from).taken.batches, part.batch, part.attempt, single(failure.unit));
      return false;
    });
    if (!part.done.empty() || !part.failures.empty()) return;
    heard.counts = false;
    std::uint64_t& committed = answers_.at(heard.from).taken.committed;
    committed = std::max(committed, part.number);
  });
}

// Ids of new batches are above all that were seen.
void Gathering::number_batches() {
  const auto above = [this](BatchId id) { start_.first_batch = std::max(start_.first_batch, id.value() + 1); };
  for (const auto& [rank, answer] : answers_) {
    for (const Holding::Batch& batch : answer.taken.batches) above(batch.id);
  }
  for (const Heard& heard : heard_) {
    if (const auto* part = std::get_if<Part>(&heard.message)) above(part->batch);
  }
}

Gathering::Gathered Gathering::finish() {
  number_batches();
  for (auto next = answers_.begin(); next != answers_.end();) {
    Answer& answer = (next++)->second;
    if (claim(answer)) continue;
    const Rank rank = answer.taken.rank;
    anew_.push_back(rank);
    drop(rank);
  }
  choose_failures();
  start_.takeover = true;
  for (auto& [rank, answer] : answers_) start_.taken.push_back(std::move(answer.taken));
  for (Heard& heard : heard_) {
    if (heard.counts) start_.messages.emplace_back(heard.from, std::move(heard.message));
  }
  return {std::move(start_), std::move(anew_), std::move(back_)};
}

}  // namespace kiln::protocol
