#include "observe/print_order.hpp"

namespace kiln::observe {

void PrintOrder::add(UnitId unit, std::uint64_t place) {
  if (mode_ == PrintMode::ordered) {
    if (!printed_.contains(unit)) waiting_[unit.value()] = place;
  } else {
    grouped_.push_back(place);
  }
}

std::optional<std::uint64_t> PrintOrder::next() {
  if (!grouped_.empty()) {
    const std::uint64_t place = grouped_.front();
    grouped_.pop_front();
    return place;
  }
  if (waiting_.empty()) return std::nullopt;
  const auto [unit, place] = *waiting_.begin();
  const auto front = expected_.front();
  if (!ended_ && front && front->first.value() < unit) return std::nullopt;
  expected_.erase(single(UnitId(unit)));
  printed_.insert(single(UnitId(unit)));
  waiting_.erase(waiting_.begin());
  return place;
}

}  // namespace kiln::observe
