#include "job/so_far_teller.hpp"

#include "base/log.hpp"
#include "job/clock.hpp"

#include <algorithm>
#include <exception>

namespace kiln::job {

void SoFarTeller::begin_stage(const detail::StagePlan& plan, Instant now) {
  told_.clear();
  for (std::size_t i = 0; i < plan.reduces.size(); ++i) {
    const detail::ReduceSink& sink = plan.reduces[i];
    if (sink.tell_so_far) told_.push_back({i, sink, now + sink.tell_every});
  }
}

void SoFarTeller::note_news() {
  for (Told& told : told_) told.news = true;
}

void SoFarTeller::tell_if_due(const flow::Fold& fold, Instant now) {
  const auto is_due = [&](const Told& told) { return told.news && now >= told.next; };
  if (std::ranges::none_of(told_, is_due)) return;
  store_.check_reign();  // who was replaced in its sleep says nothing
  std::erase_if(told_, [&](Told& told) {
    if (!is_due(told)) return false;
    const Instant begun = job::now();
    if (!tell(told, fold)) return true;
    const Duration cost = job::now() - begun;
    told.news = false;
    told.next = now + cost + std::max<Duration>(told.sink.tell_every, kShare * cost);
    return false;
  });
}

bool SoFarTeller::tell(const Told& told, const flow::Fold& fold) {
  try {
    fold.tell(told.reduce, told.sink);
    return true;
  } catch (const std::exception& error) {
    log::warning("so_far() of '{}' is not called any more in this stage: it threw: {}", told.sink.name, error.what());
    return false;
  } catch (...) {
    log::warning("so_far() of '{}' is not called any more in this stage: it threw", told.sink.name);
    return false;
  }
}

}  // namespace kiln::job
