#include "job/so_far_keeper.hpp"

#include "base/log.hpp"
#include "job/clock.hpp"
#include "store/file_ops.hpp"
#include "store/so_far.hpp"

#include <kiln/error.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace kiln::job {
namespace {

bool is_shown(const detail::ReduceSink& sink) { return sink.exact && !sink.keyed && sink.show != nullptr; }

}  // namespace

void SoFarKeeper::begin_stage(const detail::StagePlan& plan, Instant now) {
  sinks_.clear();
  if (std::ranges::any_of(plan.reduces, is_shown)) sinks_ = plan.reduces;
  news_ = true;
  given_up_ = false;
  next_ = now + kLeastPause;
  if (!may_be_there_) return;
  const store::StageStore& stages = store_.stages();
  const auto old = store::read_so_far(store_.directory().path());
  if (!old || old->stage != stages.stage() || old->round != stages.round()) remove();
}

void SoFarKeeper::write_if_due(const flow::Fold& fold, Instant now) {
  if (!news_ || given_up_ || sinks_.empty() || now < next_) return;
  const Instant begun = job::now();
  write(fold);
  const Duration cost = job::now() - begun;
  next_ = now + cost + std::max<Duration>(kLeastPause, kShare * cost);
}

void SoFarKeeper::write_last(const flow::Fold& fold) {
  if (news_ && !given_up_ && !sinks_.empty()) write(fold);
}

// What the user's types throw is for the end of the stage to tell: nobody waits for this.
void SoFarKeeper::write(const flow::Fold& fold) {
  store_.check_reign();
  news_ = false;
  try {
    const store::SoFar so_far = collect(fold);
    if (std::ranges::none_of(so_far.state.values, [](const auto& value) { return value.has_value(); })) return;
    may_be_there_ = true;
    store::write_so_far(store_.directory().path(), store_.recovered().epoch, so_far, store_.stages().plan().reduces);
  } catch (const store::StorageError&) {
    throw;
  } catch (const std::exception& error) {
    given_up_ = true;
    log::debug("{}: {}", store::kSoFarName, error.what());
  } catch (...) {
    given_up_ = true;
  }
}

store::SoFar SoFarKeeper::collect(const flow::Fold& fold) const {
  const store::StageStore& stages = store_.stages();
  store::SoFar so_far{stages.stage(), stages.round(), {}};
  store::StageEndEntry& state = so_far.state;
  state.counts.units = stages.plan().units;
  state.values.resize(sinks_.size());
  std::size_t bytes = 0;
  for (std::uint32_t place = 0; place < sinks_.size(); ++place) {
    const detail::Forest& forest = fold.of(place);
    if (!is_shown(sinks_[place]) || forest.bytes() > 2 * kMostBytes) continue;  // units are counted in it
    const auto value = forest.value();
    if (!value || value->size() > kMostBytes || bytes + value->size() > kMostInAll) continue;
    bytes += value->size();
    state.counts.done = flow::count_units(forest);
    state.values[place] = Bytes();
    for (auto& [table, rows] : sinks_[place].show(*value))
      state.show.push_back({place, std::move(table), std::move(rows)});
  }
  return so_far;
}

void SoFarKeeper::end_stage() {
  sinks_.clear();
  remove();
}

void SoFarKeeper::remove() {
  if (std::exchange(may_be_there_, false)) store::remove_so_far(store_.directory().path());
}

}  // namespace kiln::job
