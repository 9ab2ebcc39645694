#include "sim/books.hpp"

#include <algorithm>
#include <utility>

/// Books: stages that wait for others. As plainly as can be: not by the class that the coordinator uses.
namespace kiln::sim {

void Books::begin_stages() {
  const std::vector<schedule::GatedStage> stages = scenario_.stages(launch_);
  stages_.resize(stages.size());
  for (std::size_t i = 0; i < stages.size(); ++i) stages_[i].units = stages[i].units;
  for (bool more = true; std::exchange(more, false);) {
    for (std::size_t i = 0; i < stages.size(); ++i) {
      schedule::IntervalSet& needs = stages_[i].needs;
      const std::uint64_t before = needs.count();
      for (const std::size_t one : stages[i].after) {
        needs.insert(stages_[one].units);
        needs.insert(stages_[one].needs);
      }
      more = more || needs.count() != before;
    }
  }
  for (Stage& stage : stages_) stage.open = opens(stage);
  committed();
}

bool Books::opens(const Stage& stage) const {
  const auto needs = stage.needs.intervals();
  return std::ranges::all_of(needs, [this](Interval units) { return journal_.done().contains(units); });
}

void Books::committed() {
  closed_ = 0;
  for (Stage& stage : stages_) {
    const bool may_begin = opens(stage);
    if (!may_begin) closed_ += unsettled(stage.units);
    if (!may_begin || std::exchange(stage.open, true)) continue;
    for (const Interval units : stage.units.intervals()) {
      for (UnitId unit = units.first; unit < units.last; unit = unit.next()) {
        if (may_wait(unit) && !books_[unit.value()].lost) ++waiting_[books_[unit.value()].priority];
      }
    }
  }
}

std::uint64_t Books::blocked() const {
  std::uint64_t blocked = 0;
  for (const Stage& stage : stages_) {
    const auto needs = stage.needs.intervals();
    const bool failed = std::ranges::any_of(needs, [this](Interval units) { return journal_.dead().overlaps(units); });
    if (failed) blocked += unsettled(stage.units);
  }
  return blocked;
}

// Those that were given and lost are dead letters, or about to be.
std::uint64_t Books::unsettled(const schedule::IntervalSet& units) const {
  schedule::IntervalSet open = units;
  open.erase(journal_.done());
  open.erase(journal_.dead());
  open.erase(journal_.given());
  return open.count();
}

bool Books::is_closed(UnitId unit) const {
  return std::ranges::any_of(stages_, [unit](const Stage& stage) { return !stage.open && stage.units.contains(unit); });
}

// In the coordinator's queue, if nobody has it.
bool Books::may_wait(UnitId unit) const { return !journal_.holds(unit) && !removed(unit) && !is_closed(unit); }

}  // namespace kiln::sim
