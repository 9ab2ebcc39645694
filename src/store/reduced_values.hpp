#pragma once

#include "store/journal_view.hpp"
#include "store/so_far.hpp"

#include <cstdint>
#include <vector>

namespace kiln::store {

/// The value of a reduction of a stage that is over, or that of its units so far.
struct ReducedValue {
  StageId stage;
  std::uint32_t place = 0;                    ///< in the plan
  const PlanEntry::Reduce* reduce = nullptr;  ///< of the view, as `end`
  const StageEndEntry* end = nullptr;
  bool newest = false;  ///< no later stage has a value of that name
  bool so_far = false;  ///< the stage goes on: it is the value of end->counts.done units

  /// No unit gave anything.
  bool empty() const { return place >= end->values.size() || !end->values[place].has_value(); }
  /// The value as tables, the one called "" first, where there is one.
  std::vector<const StageEndEntry::Shown*> tables() const;
};
/// Ascending by stage and place.
std::vector<ReducedValue> reduced_values(const JournalView& view);
/// Those of the stage that goes on, as it stood: exact ones only, by place. Empty where it says nothing of that stage.
std::vector<ReducedValue> values_so_far(const JournalView& view, const SoFar& so_far);

}  // namespace kiln::store
