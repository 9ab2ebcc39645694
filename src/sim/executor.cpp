#include "sim/executor.hpp"

#include "sim/violation.hpp"

#include <algorithm>
#include <utility>

namespace kiln::sim {
namespace {

Bytes encoded(const Rows& rows) {
  ByteWriter out;
  rows.encode(out);
  return out.take();
}

}  // namespace

const Schema& row_schema() {
  static const Schema schema{{"value", ColumnType::u64, "", "what the unit computed"}};
  return schema;
}

Bytes encode_row(const UnitModel& units, UnitId unit) {
  Rows row(row_schema());
  row.begin_row(unit);
  row.put(units.value(unit));
  return encoded(row);
}

SimExecutor::SimExecutor(const Scenario& scenario, Rank rank, double slowness, Mutation mutation,
                         exec::Holdings& holdings, ExecutorHost& host)
    : scenario_(scenario), rank_(rank), slowness_(slowness), mutation_(mutation), holdings_(holdings), host_(host) {}

void SimExecutor::submit(const protocol::Batch& batch, Instant now) {
  Work work;
  if (occupied()) violated("rank {} gets batch {} while it is busy", rank_.value(), batch.id.value());
  work.id = batch.id;
  work.copy = batch.copy;
  work.open = batch.units;
  work.part.batch = batch.id;
  work.rows = Rows(row_schema());
  work.harvest = std::make_unique<ReducedHarvest>();
  behind_ += batch.units.size();
  work_.push_back(std::move(work));
  if (!current_) begin_next(now);
}

void SimExecutor::begin_next(Instant now) {
  if (zombie_ || current_) return;
  while (!work_.empty() && work_.front().open.empty()) work_.pop_front();
  if (work_.empty()) return;
  Interval& open = work_.front().open;
  const std::uint64_t size = work_.front().copy ? open.size() : std::min(scenario_.claim, open.size());
  current_ = claim_first_ = open.first;
  claim_end_ = UnitId(open.first.value() + size);
  open.first = claim_end_;
  behind_ -= size;
  claimed_at_ = now;
  begin_unit(now);
}

void SimExecutor::begin_unit(Instant now) {
  unit_began_ = now;
  const std::uint32_t tried = host_.unit_begins(rank_, *current_);
  current_fails_ = scenario_.units.fails(*current_, tried);
  const bool harms = scenario_.units.harms();
  current_harm_ = harms ? scenario_.units.harm(*current_, tried % kLaunchTries) : UnitModel::Harm::none;
  const double slowness = slowness_ * scenario_.units.slowness(*current_, rank_);
  host_.end_unit_in(rank_, scenario_.units.seconds(*current_) * slowness, ++number_);
}

void SimExecutor::put_row(Work& work, UnitId unit) {
  work.rows.begin_row(unit);
  const bool wrong = mutation_ == Mutation::wrong_row && unit.value() % 7 == 3;
  work.rows.put(scenario_.units.value(wrong ? unit.next() : unit));
  work.harvest->add(scenario_.units, unit);
}

void SimExecutor::unit_ended(std::uint64_t number, Instant now) {
  if (zombie_ && number == number_) {
    host_.ended(rank_, *std::exchange(zombie_, std::nullopt), false);
    return begin_next(now);
  }
  if (!current_ || number != number_) return;
  end_unit(current_fails_, now);
  current_ = current_->next();
  if (*current_ < claim_end_) {
    report_if_due(now);
    begin_unit(now);
    return;
  }
  current_.reset();
  work_.front().copy ? end_copy(now) : report_if_due(now);
  begin_next(now);
}

void SimExecutor::end_unit(bool failed, Instant now) {
  Work& work = work_.front();
  const UnitId unit = *current_;
  protocol::Part& part = work.part;
  if (part.done.empty() && part.failures.empty()) part.start = to_seconds(unit_began_.time_since_epoch());
  part.busy_seconds += to_seconds(now - unit_began_);
  host_.unit_ends(rank_, unit, failed ? ExecutorHost::End::failed : ExecutorHost::End::succeeded);
  if (failed) {
    part.failures.push_back({unit, protocol::FailureKind::failed, "exit code 3", encode_row(scenario_.units, unit)});
    if (mutation_ == Mutation::swallow_hole) work.harvest->add(scenario_.units, unit);
    if (mutation_ == Mutation::blank_reason) part.failures.back().reason.clear();
    return;
  }
  put_row(work, unit);
  if (!part.done.empty() && part.done.back().last == unit) {
    part.done.back().last = unit.next();
  } else {
    part.done.push_back(single(unit));
  }
}

void SimExecutor::report_if_due(Instant now) {
  Work& work = work_.front();
  if (work.copy) return;
  const bool last = !current_ && work.open.empty();
  if (last || now - reported_at_ >= scenario_.report_every) report(work, last, now);
}

void SimExecutor::report(Work& work, bool last, Instant now) {
  protocol::Part part = std::exchange(work.part, {});
  work.part.batch = work.id;
  if (!part.done.empty()) put_results(work, part);
  part.last = last;
  reported_at_ = now;
  host_.report(rank_, std::move(part));
  holdings_.publish();
}

void SimExecutor::put_results(Work& work, protocol::Part& part) {
  const Rows rows = std::exchange(work.rows, Rows(row_schema()));
  auto harvest = std::exchange(work.harvest, std::make_unique<ReducedHarvest>());
  const std::size_t bytes = rows.bytes() + harvest->bytes();
  if (bytes <= scenario_.ride_bytes) {
    part.rows = encoded(rows);
    ByteWriter out;
    harvest->encode(out);
    part.partials = out.take();
    return;
  }
  exec::HeldResults results;
  for (const Interval units : part.done) results.units.insert(units);
  results.rows.push_back(encoded(rows));
  results.harvests.push_back(std::move(harvest));
  results.bytes = bytes;
  const bool join = results.units.front()->first.value() % 3 != 0;
  holdings_.add(std::move(results), join ? exec::Holdings::Join::now : exec::Holdings::Join::later);
  part.held = true;
}

std::vector<protocol::GivenBack::Piece> SimExecutor::take_back(protocol::TakeBack::Share share) {
  std::vector<protocol::GivenBack::Piece> pieces;
  std::uint64_t wanted = share == protocol::TakeBack::Share::all ? behind_ : (behind_ + 1) / 2;
  if (mutation_ == Mutation::keep_all) wanted = 0;
  for (auto work = work_.rbegin(); work != work_.rend() && wanted > 0; ++work) {
    const std::uint64_t size = std::min(wanted, work->open.size());
    if (size == 0) continue;
    const UnitId first(work->open.last.value() - size);
    const Interval units{first, work->open.last};
    work->open.last = first;
    wanted -= size;
    behind_ -= size;
    const bool begun = current_ && &*work == &work_.front();
    pieces.push_back({work->id, units, work->open.empty() && !begun});
    if (begun && mutation_ == Mutation::give_back_running) pieces.back().units.first = *current_;
  }
  std::erase_if(work_, [&](const Work& work) { return work.open.empty() && !(current_ && &work == &work_.front()); });
  return pieces;
}

void SimExecutor::forget() {
  copy_.reset();
  stuck_ = stuck_ || (zombie_ && rank_ == scenario_.never_returns);
  zombie_.reset();
  work_.clear();
  current_.reset();
  ++number_;
  behind_ = 0;
}

void SimExecutor::cancel(Instant now) {
  if (!current_) return;
  Work& work = work_.front();
  ++number_;
  for (UnitId unit = *current_; unit < claim_end_; unit = unit.next()) {
    const auto kind =
        mutation_ == Mutation::cancel_counts ? protocol::FailureKind::failed : protocol::FailureKind::cancelled;
    if (unit == *current_) host_.unit_ends(rank_, unit, ExecutorHost::End::cancelled);
    work.part.failures.push_back({unit, kind, "cancelled", {}});
  }
  current_.reset();
  work.copy ? end_copy(now) : report(work, work.open.empty(), now);
  begin_next(now);
}

}  // namespace kiln::sim
