#include "protocol/look.hpp"

#include <algorithm>

namespace kiln::protocol {

schedule::IntervalSet Look::what_ran(const ProcessEnd& end) const {
  schedule::IntervalSet named, first;
  for (const InFlight& batch : batches) named.insert(batch.units);
  named.erase(make_interval(0, end.running.first.value()));
  named.erase({end.running.last, UnitId(UINT64_MAX)});
  if (end.itself && !named.empty()) return named;
  std::uint64_t left = begun;
  for (const Interval units : batches.front().units.intervals()) {
    const std::uint64_t size = std::min(left, units.size());
    if (size != 0) first.insert(make_interval(units.first.value(), units.first.value() + size));
    left -= size;
  }
  return first;
}

}  // namespace kiln::protocol
