#include "protocol/in_hand.hpp"

#include <algorithm>

namespace kiln::protocol {

void InHand::add(const Batch& batch) {
  batches_.push_back({batch.id, batch.attempt, schedule::IntervalSet(batch.units)});
}

std::deque<InHand::Entry>::iterator InHand::find(BatchId id) { return std::ranges::find(batches_, id, &Entry::id); }

std::uint32_t InHand::attempt(BatchId id) const {
  const auto found = std::ranges::find(batches_, id, &Entry::id);
  return found == batches_.end() ? 0 : found->attempt;
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): iterators are given by value
void InHand::end_if(std::deque<Entry>::iterator entry, bool last) {
  if (last || entry->units.empty()) batches_.erase(entry);
}

void InHand::remove(const Part& part) {
  const auto entry = find(part.batch);
  if (entry == batches_.end()) return;
  for (const Interval units : part.done) entry->units.erase(units);
  for (const UnitFailure& failure : part.failures) entry->units.erase(single(failure.unit));
  end_if(entry, part.last);
}

void InHand::remove(const GivenBack::Piece& piece) {
  const auto entry = find(piece.batch);
  if (entry == batches_.end()) return;
  entry->units.erase(piece.units);
  end_if(entry, piece.last);
}

std::vector<Holding::Batch> InHand::batches() const {
  std::vector<Holding::Batch> all;
  all.reserve(batches_.size());
  for (const Entry& one : batches_) all.push_back({one.id, one.attempt, one.units.intervals()});
  return all;
}

}  // namespace kiln::protocol
