#include "exec/part_builder.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>

namespace kiln::exec {

void PartBuilder::succeeded(Interval units) {
  if (units.empty()) return;
  outcomes_ += units.size();
  if (!done_.empty() && done_.back().last == units.first) {
    done_.back().last = units.last;
  } else {
    done_.push_back(units);
  }
}

void PartBuilder::failed(protocol::UnitFailure failure) {
  ++outcomes_;
  failure_bytes_ += failure.row.size() + failure.reason.size() + sizeof failure;
  failures_.push_back(std::move(failure));
}

void PartBuilder::begin() {
  start_ = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  began_ = Clock::now();
}

void PartBuilder::end() {
  first_ended_ = Clock::now();
  busy_ = std::chrono::duration<double>(first_ended_ - began_).count();
}

void PartBuilder::expect_complete(Interval claimed) const {
  bool fits = outcomes_ == claimed.size();
  UnitId after = claimed.first;
  for (const Interval& units : done_) {
    fits = fits && units.first >= after && units.last <= claimed.last;
    after = units.last;
  }
  for (const protocol::UnitFailure& failure : failures_) {
    fits =
        fits && claimed.contains(failure.unit) &&
        std::none_of(done_.begin(), done_.end(), [&](const Interval& units) { return units.contains(failure.unit); });
  }
  if (!fits) {
    throw Error(ExitCode::internal,
                fmt::format("the runner of units {} to {} did not say once of each what became of it",
                            claimed.first.value(), claimed.last.value()));
  }
}

void PartBuilder::append(PartBuilder& later) {
  for (std::size_t i = 0; i < tables_.size(); ++i) tables_[i].append(later.tables_[i]);
  if (harvest_ != nullptr) harvest_->absorb(*later.harvest_);
  for (const Interval& units : later.done_) succeeded(units);
  for (protocol::UnitFailure& failure : later.failures_) failed(std::move(failure));
  busy_ += later.busy_;
  records_ += later.records_;
}

Bytes PartBuilder::encode_rows() {
  if (all_empty(tables_)) return {};
  ByteWriter out;
  std::size_t columns = 0;
  for (const Rows& rows : tables_) columns += rows.columns() + 2;
  out.reserve(bytes_of(tables_) + 16 * columns);
  encode_tables(tables_, out);
  return out.take();
}

void PartBuilder::hold(protocol::Part& part, std::size_t bytes, Holdings& holdings, Holdings::Join join) {
  HeldResults results;
  for (const Interval units : part.done) results.units.insert(units);
  if (Bytes rows = encode_rows(); !rows.empty()) results.rows.push_back(std::move(rows));
  if (harvest_ != nullptr) results.harvests.push_back(std::move(harvest_));
  results.bytes = bytes;
  holdings.add(std::move(results), join);
  part.held = true;
}

protocol::Part PartBuilder::take_part(BatchId batch, std::size_t ride_bytes, Holdings& holdings, Holdings::Join join) {
  protocol::Part part;
  part.batch = batch;
  part.done = std::move(done_);
  part.failures = std::move(failures_);
  part.start = start_;
  part.busy_seconds = busy_;
  part.records = records_;
  outcomes_ = 0;
  const std::size_t bytes = bytes_of(tables_) + (harvest_ == nullptr ? 0 : harvest_->bytes());
  const bool rides = bytes <= ride_bytes && (harvest_ == nullptr || harvest_->may_ride());
  if (!rides && !part.done.empty()) {
    hold(part, bytes, holdings, join);
    return part;
  }
  part.rows = encode_rows();
  if (harvest_ != nullptr && !part.done.empty()) {
    ByteWriter out;
    harvest_->encode(out);
    part.partials = out.take();
  }
  return part;
}

}  // namespace kiln::exec
