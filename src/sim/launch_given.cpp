#include "sim/launch.hpp"
#include "sim/worker_rank.hpp"

#include <utility>

/// Units that begin at most once: it is on disk that they may, before they are handed out.
namespace kiln::sim {

void Launch::give(const schedule::IntervalSet& units) {
  if (!giving_.empty()) violated("units are given while others are");
  giving_ = units;
  events_.put(now_ + draw_write(), EventKind::give_ends, chief_, reign_);
}

void Launch::end_give() {
  const schedule::IntervalSet units = std::exchange(giving_, {});
  gives_failing_ = commits_fail() && !coordinator_->draining();
  if (commits_fail()) {
    coordinator_->on_give_failed(now_);
  } else {
    const bool late = context_.mutation == Mutation::late_given;
    schedule::IntervalSet linked = late ? std::exchange(unlinked_, units) : units;
    if (late) linked.erase(journal_.done());
    if (late) linked.erase(journal_.dead());
    if (!linked.empty()) journal_.give(linked);
    coordinator_->on_given(now_);
  }
  after_coordinator();
}

// What was being linked is there or is not.
void Launch::die_giving() {
  const schedule::IntervalSet units = std::exchange(giving_, {});
  unlinked_.clear();
  if (!units.empty() && !commits_fail() && random_.chance(0.5)) journal_.give(units);
}

void Launch::give_back_lost(Rank rank) {
  const auto found = last_batch_.find(rank);
  if (found == last_batch_.end()) return;
  const protocol::Batch& batch = found->second;
  coordinator_->on_message(rank, protocol::GivenBack{{{batch.id, batch.units, true}}}, now_);
}

}  // namespace kiln::sim
