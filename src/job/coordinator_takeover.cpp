#include "base/log.hpp"
#include "job/clock.hpp"
#include "job/rank_loop.hpp"
#include "protocol/succession.hpp"

#include <algorithm>
#include <utility>

/// CoordinatorLoop: of a rank that has taken over.
namespace kiln::job {

void CoordinatorLoop::tell_living() {
  if (execution_.heartbeat > Duration::zero() && !stop_) tell_workers(protocol::living_of(living_.ranks()));
}

void CoordinatorLoop::inherit() {
  own_worker_ = std::move(inheritance_->worker);
  own_worker_->use_link(link_);
  own_worker_->on_takeover();
  interrupts_ = std::move(inheritance_->interrupts);
  signals_ = static_cast<unsigned>(interrupts_.size());
  if (!interrupts_.empty()) interrupted_by_ = link_.transport().rank();
}

// Every rank that lives gets the setup, and says what it has from the coordinator before; this one, too.
protocol::CoordinatorStart CoordinatorLoop::gather(protocol::CoordinatorStart start) {
  const Rank self = link_.transport().rank();
  if (!std::ranges::binary_search(start.workers, self)) {
    start.workers.insert(std::ranges::upper_bound(start.workers, self), self);
  }
  const protocol::Setup setup = start.setup;
  const std::vector<Rank> workers = start.workers;
  gathering_.emplace(std::move(start));
  for (const Rank rank : workers) link_.send(rank, setup);
  wait_while([this] { return !gathering_->complete(); });
  gathered_ = gathering_->finish();
  gathering_.reset();
  if (!takeover_told_) tell_takeover(gathered_.start);
  return std::move(gathered_.start);
}

void CoordinatorLoop::tell_takeover(const protocol::CoordinatorStart& start) {
  std::uint64_t in_hand = 0;
  for (const protocol::TakenOver& one : start.taken) {
    in_hand += one.held.count();
    for (const protocol::Holding::Batch& batch : one.batches) {
      for (const Interval units : batch.units) in_hand += units.size();
    }
  }
  tell_takeover(start.done.count() + start.dead.count(), in_hand);
}

void CoordinatorLoop::tell_takeover(std::uint64_t committed) { tell_takeover(committed, std::nullopt); }

void CoordinatorLoop::tell_takeover(std::uint64_t committed, std::optional<std::uint64_t> in_hand) {
  takeover_told_ = true;
  Observer::TakeOver facts;
  facts.before = inheritance_->before;
  facts.now = link_.transport().rank();
  facts.lost = inheritance_->lost;
  facts.why = inheritance_->why;
  if (const auto place = inheritance_->places.find(facts.before); place != inheritance_->places.end()) {
    facts.place = place->second;
  }
  facts.committed = committed;
  facts.in_hand = in_hand;
  observer_.took_over(facts);
}

// Who cannot go on from what it has begins anew.
void CoordinatorLoop::go_on_with_gathered() {
  inheritance_.reset();
  const protocol::Gathering::Gathered gathered = std::exchange(gathered_, {});
  for (const Rank rank : gathered.anew) {
    log::debug("rank {} has what does not fit the journal: it begins anew", rank.value());
    if (rank == link_.transport().rank()) {
      own_worker_->begin_anew();
    } else {
      living_.members().take_up_anew(rank);
    }
    coordinator_->on_back(rank, now());
  }
  for (const Rank rank : gathered.back) coordinator_->on_back(rank, now());
  for (const bool at_once : std::exchange(interrupts_, {})) {
    if (in_stage()) coordinator_->on_interrupt(link_.transport().rank(), at_once, now());
  }
}

}  // namespace kiln::job
