#pragma once

#include "schedule/interval_set.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>

namespace kiln::observe {

enum class PrintMode : std::uint8_t {
  none,
  grouped,  ///< a unit's outputs in one piece, when it has ended
  ordered,  ///< the same, in the order of the units
};

/// In which order the outputs of units are printed. Pure; knows places, not outputs.
class PrintOrder {
 public:
  explicit PrintOrder(PrintMode mode) : mode_(mode) {}

  /// The units that may come (ordered: none is printed before all of these in front of it).
  void expect(schedule::IntervalSet units) { expected_ = std::move(units); }
  /// The unit has ended; its outputs are at `place`. Ordered: one that was printed is not printed again.
  void add(UnitId unit, std::uint64_t place);
  /// No more units come: the rest is printed in order, whatever is missing.
  void end() { ended_ = true; }
  /// The place of what is printed now; nothing when something else must come first.
  std::optional<std::uint64_t> next();
  /// Units that have ended and are not printed.
  std::size_t waiting() const { return grouped_.size() + waiting_.size(); }

 private:
  PrintMode mode_;
  schedule::IntervalSet expected_;                  // ordered: what is not printed yet
  std::deque<std::uint64_t> grouped_;               // places
  std::map<std::uint64_t, std::uint64_t> waiting_;  // ordered: unit -> place
  schedule::IntervalSet printed_;                   // ordered
  bool ended_ = false;
};

}  // namespace kiln::observe
