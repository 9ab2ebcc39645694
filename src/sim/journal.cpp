#include "sim/journal.hpp"

#include <kiln/detail/rows.hpp>
#include "sim/executor.hpp"
#include "sim/violation.hpp"

#include <utility>

namespace kiln::sim {
namespace {

std::size_t bytes_of(const std::vector<Bytes>& blobs) {
  std::size_t bytes = 0;
  for (const Bytes& blob : blobs) bytes += blob.size();
  return bytes;
}

}  // namespace

Journal::Journal(const Scenario& scenario)
    : scenario_(scenario),
      state_(scenario.most_units(), State::open),
      row_of_(scenario.most_units(), 0),
      begun_(scenario.most_units(), 0),
      failed_(scenario.most_units(), 0) {}

std::uint64_t Journal::length(const protocol::SegmentContent& content) {
  return 512 + bytes_of(content.rows) + bytes_of(content.partials);
}

void Journal::write_segment(const std::string& file, protocol::SegmentContent content, bool torn) {
  if (!files_.try_emplace(file, File{std::move(content), torn, false}).second) {
    violated("segment {} is written over another", file);
  }
}

void Journal::give(const schedule::IntervalSet& units) {
  ++number_;
  if (units.empty()) violated("entry {} of the journal gives nothing", number_);
  for (const Interval interval : units.intervals()) {
    for (UnitId unit = interval.first; unit < interval.last; unit = unit.next()) {
      if (holds(unit)) violated("unit {} is given and settled", unit.value());
    }
  }
  given_.insert(units);
  given_now_.insert(units);
}

void Journal::unit_begins(UnitId unit) {
  const std::uint32_t before = begun_[unit.value()]++;
  if (scenario_.options.no_rerun_lost && before > failed_[unit.value()]) {
    violated("unit {} begins a second time, and its last try did not fail", unit.value());
  }
}

void Journal::append(const protocol::CommitPlan& plan) {
  ++entries_;
  ++number_;
  last_done_ = plan.done;
  if (plan.empty()) violated("entry {} of the journal says nothing", entries_);
  for (const Interval units : plan.done.intervals()) {
    for (UnitId unit = units.first; unit < units.last; unit = unit.next()) settle(unit, State::done);
  }
  for (const protocol::DeadLetter& letter : plan.dead) {
    settle(letter.unit, State::dead);
    if (letter.reason.empty()) violated("dead letter {} has no reason", letter.unit.value());
    dead_.insert(single(letter.unit));
  }
  done_.insert(plan.done);
  schedule::IntervalSet riding = plan.done;
  std::uint64_t rows = 0;
  for (const protocol::Segment& segment : plan.segments) rows += check_segment(segment, riding);
  check_partials(plan.partials, riding);
  for (const protocol::DeadLetter& letter : plan.dead) riding.insert(single(letter.unit));
  rows += check_rows(plan.rows, riding);
  if (rows != plan.done.count() + plan.dead.size()) {
    violated("entry {}: {} rows for {} units", entries_, rows, plan.done.count() + plan.dead.size());
  }
  const std::size_t bytes = bytes_of(plan.rows) + bytes_of(plan.partials);
  if (bytes != plan.bytes) violated("entry {}: {} bytes, booked as {}", entries_, bytes, plan.bytes);
  if (reduction_.units() != done_) violated("entry {}: what is done is not what is reduced", entries_);
}

std::optional<Interval> Journal::mark(Rank rank) const {
  const auto found = marks_.find(rank);
  return found == marks_.end() ? std::nullopt : std::optional(found->second);
}

std::map<UnitId, std::vector<Rank>> Journal::suspects() const {
  std::map<UnitId, std::vector<Rank>> suspects;
  const auto add = [&](Rank rank, Interval units) {
    for (UnitId unit = units.first; unit < units.last; unit = unit.next()) {
      std::vector<Rank>& died = suspects[unit];
      if (units.size() == 1) died.push_back(rank);
    }
  };
  for (const auto& [rank, units] : old_marks_) add(rank, units);
  for (const auto& [rank, units] : marks_) add(rank, units);
  return suspects;
}

schedule::IntervalSet Journal::stale_done() const {
  schedule::IntervalSet done = done_;
  done.erase(last_done_);
  return done;
}

void Journal::settle(UnitId unit, State state) {
  if (unit.value() >= state_.size()) violated("unit {} was committed and does not exist", unit.value());
  if (state_[unit.value()] != State::open) violated("unit {} was committed twice", unit.value());
  given_.erase(single(unit));
  state_[unit.value()] = state;
}

// Takes the segment's units out of those whose results must be in the entry itself.
std::uint64_t Journal::check_segment(const protocol::Segment& segment, schedule::IntervalSet& riding) {
  const auto found = files_.find(segment.file);
  if (found == files_.end()) violated("entry {} names segment {}, which is not there", entries_, segment.file);
  File& file = found->second;
  if (file.torn) violated("entry {} names segment {}, which is torn", entries_, segment.file);
  if (std::exchange(file.named, true)) violated("segment {} is named a second time", segment.file);
  if (segment.length != length(file.content)) violated("segment {} has another length", segment.file);
  if (segment.units != file.content.units) violated("segment {} has other units", segment.file);
  schedule::IntervalSet units;
  for (const Interval interval : segment.units) {
    if (riding.erase(interval) != interval.size()) violated("segment {} has units of others", segment.file);
    units.insert(interval);
  }
  check_partials(file.content.partials, units);
  return check_rows(file.content.rows, units);
}

void Journal::check_partials(const std::vector<Bytes>& blobs, const schedule::IntervalSet& units) {
  schedule::IntervalSet reduced;
  for (const Bytes& blob : blobs) reduced.insert(reduction_.admit(blob));
  if (reduced != units) {
    violated("entry {}: {} units are reduced instead of {}", entries_, reduced.count(), units.count());
  }
}

std::uint64_t Journal::check_rows(const std::vector<Bytes>& blobs, const schedule::IntervalSet& units) {
  std::uint64_t count = 0;
  for (const Bytes& encoded : blobs) {
    ByteReader in(encoded, "rows of a commit");
    const Rows rows = Rows::decode(in, row_schema());
    in.expect_done();
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const std::uint64_t unit = rows.units()[row];
      if (!units.contains(UnitId(unit))) violated("a row of unit {}, which is not settled there", unit);
      if (row_of_[unit] != 0) violated("unit {} has a second row", unit);
      row_of_[unit] = entries_;
      if (rows.at<std::uint64_t>(0, row) != scenario_.units.value(UnitId(unit))) {
        violated("unit {} has another unit's row", unit);
      }
      ++count;
    }
  }
  return count;
}

void Journal::check_value() const {
  if (reduction_.value() != sequential_value(scenario_.units, done_)) {
    violated("{} units are reduced to another value than by one rank", done_.count());
  }
}

}  // namespace kiln::sim
