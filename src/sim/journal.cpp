#include "sim/journal.hpp"

#include <kiln/detail/rows.hpp>
#include "sim/executor.hpp"
#include "sim/violation.hpp"

namespace kiln::sim {

Journal::Journal(const Scenario& scenario)
    : scenario_(scenario), state_(scenario.most_units(), State::open), row_of_(scenario.most_units(), 0) {}

void Journal::append(const protocol::CommitPlan& plan) {
  ++entries_;
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
  check_rows(plan);
}

void Journal::settle(UnitId unit, State state) {
  if (unit.value() >= state_.size()) violated("unit {} was committed and does not exist", unit.value());
  if (state_[unit.value()] != State::open) violated("unit {} was committed twice", unit.value());
  state_[unit.value()] = state;
}

void Journal::check_rows(const protocol::CommitPlan& plan) {
  std::uint64_t count = 0;
  std::size_t bytes = 0;
  for (const Bytes& encoded : plan.rows) {
    bytes += encoded.size();
    ByteReader in(encoded, "rows of a commit");
    const Rows rows = Rows::decode(in, row_schema());
    in.expect_done();
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const std::uint64_t unit = rows.units()[row];
      const bool settled_here = plan.done.contains(UnitId(unit)) || dead_.contains(UnitId(unit));
      if (unit >= row_of_.size() || !settled_here) violated("a row of unit {}, which the entry does not settle", unit);
      if (row_of_[unit] != 0) violated("unit {} has a second row", unit);
      row_of_[unit] = entries_;
      if (rows.at<std::uint64_t>(0, row) != scenario_.units.value(UnitId(unit))) {
        violated("unit {} has another unit's row", unit);
      }
      ++count;
    }
  }
  if (count != plan.done.count() + plan.dead.size()) {
    violated("entry {}: {} rows for {} units", entries_, count, plan.done.count() + plan.dead.size());
  }
  if (bytes != plan.bytes) violated("entry {}: {} bytes of rows, booked as {}", entries_, bytes, plan.bytes);
}

}  // namespace kiln::sim
