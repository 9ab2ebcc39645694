#include "schedule/gates.hpp"

#include <kiln/error.hpp>

#include <algorithm>
#include <utility>

namespace kiln::schedule {
namespace {

constexpr std::size_t kNone = SIZE_MAX;

}  // namespace

Gates::Gates(std::vector<GatedStage> stages, const IntervalSet& done, const IntervalSet& dead)
    : stages_(stages.size()), stage_of_(kNone) {
  for (std::size_t i = 0; i < stages.size(); ++i) {
    Stage& stage = stages_[i];
    for (const Interval units : stages[i].units.intervals()) {
      stage_of_.set(units, i);
      const IntervalSet well = done.intersection(units);
      IntervalSet failed = dead.intersection(units);
      failed.erase(well);
      stage.view.done += well.count();
      stage.view.dead += failed.count();
    }
    stage.view.units = stages[i].units.count();
    stage.uncommitted = stage.view.units - stage.view.done;
    stage.left = stage.uncommitted - stage.view.dead;
    stage.after = std::move(stages[i].after);
    for (const std::size_t before : stage.after) stages_.at(before).before.push_back(i);
  }
  sort_stages();
  for (const std::size_t i : order_) {
    Stage& stage = stages_[i];
    stage.view.state = opens(stage) ? State::open : State::waiting;
    if (stage.view.state == State::open && stage.uncommitted == 0) stage.view.state = State::over;
  }
}

void Gates::sort_stages() {
  std::vector<std::size_t> missing;
  for (const Stage& stage : stages_) missing.push_back(stage.after.size());
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    if (missing[i] == 0) order_.push_back(i);
  }
  for (std::size_t next = 0; next < order_.size(); ++next) {
    for (const std::size_t behind : stages_[order_[next]].before) {
      if (--missing[behind] == 0) order_.push_back(behind);
    }
  }
  if (order_.size() != stages_.size()) throw Error(ExitCode::internal, "a stage comes before itself");
}

bool Gates::opens(const Stage& stage) const {
  return std::ranges::all_of(stage.after, [this](std::size_t i) { return stages_[i].view.state == State::over; });
}

IntervalSet Gates::let_through(IntervalSet units) {
  IntervalSet kept;
  for_each_piece(units, [&](Stage& stage, Interval piece) {
    if (stage.view.state != State::waiting) return;
    stage.waiting.insert(piece);
    kept.insert(piece);
  });
  units.erase(kept);
  waiting_ = kept.count();
  block();
  return units;
}

template <class F>
void Gates::for_each_piece(const IntervalSet& units, F f) {
  if (stages_.empty()) return;
  for (const Interval interval : units.intervals()) {
    stage_of_.for_each_piece(interval, [&](std::size_t stage, Interval piece) {
      if (stage != kNone) f(stages_[stage], piece);
    });
  }
}

void Gates::done(const IntervalSet& units) {
  for_each_piece(units, [this](Stage& stage, Interval piece) {
    stage.left -= piece.size();
    stage.view.done += piece.size();
    look(static_cast<std::size_t>(&stage - stages_.data()));
  });
}

void Gates::reopened(const IntervalSet& units) {
  for_each_piece(units, [this](Stage& stage, Interval piece) {
    stage.left += piece.size();
    stage.view.done -= piece.size();
    look(static_cast<std::size_t>(&stage - stages_.data()));
  });
}

void Gates::dead(UnitId unit) {
  for_each_piece(IntervalSet(single(unit)), [this](Stage& stage, Interval) {
    --stage.left;
    if (stage.view.dead++ == 0) block();
  });
}

// Whether all that a stage lacks for those behind it is a commit.
void Gates::look(std::size_t i) {
  const Stage& stage = stages_[i];
  const bool lacks = stage.left == 0 && stage.view.dead == 0 && stage.uncommitted != 0;
  const bool wanted = std::ranges::any_of(
      stage.before, [this](std::size_t behind) { return stages_[behind].view.state == State::waiting; });
  if (lacks && wanted) {
    wanted_.insert(i);
  } else {
    wanted_.erase(i);
  }
}

IntervalSet Gates::committed(const IntervalSet& units) {
  bool any = false;
  for_each_piece(units, [&](Stage& stage, Interval piece) {
    stage.uncommitted -= piece.size();
    any = any || stage.uncommitted == 0;
    look(static_cast<std::size_t>(&stage - stages_.data()));
  });
  IntervalSet open;
  if (!any) return open;
  for (const std::size_t i : order_) {
    Stage& stage = stages_[i];
    if (stage.view.state == State::waiting && opens(stage)) {
      stage.view.state = State::open;
      waiting_ -= stage.waiting.count();
      open.insert(std::exchange(stage.waiting, {}));
    }
    if (stage.view.state == State::open && stage.uncommitted == 0 && stage.view.dead == 0) {
      stage.view.state = State::over;
    }
  }
  return open;
}

// Stages behind one with dead letters.
void Gates::block() {
  blocked_ = 0;
  for (const std::size_t i : order_) {
    Stage& stage = stages_[i];
    if (stage.view.state != State::waiting && stage.view.state != State::blocked) continue;
    const bool behind = std::ranges::any_of(stage.after, [this](std::size_t before) {
      return stages_[before].view.dead != 0 || stages_[before].view.state == State::blocked;
    });
    if (!behind) continue;
    stage.view.state = State::blocked;
    blocked_ += stage.waiting.count();
  }
  for (std::size_t i = 0; i < stages_.size(); ++i) look(i);
}

std::vector<Gates::View> Gates::view() const {
  std::vector<View> views;
  for (const Stage& stage : stages_) views.push_back(stage.view);
  return views;
}

}  // namespace kiln::schedule
