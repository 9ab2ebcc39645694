#include "job/clock.hpp"
#include "job/leave.hpp"
#include "job/rank_loop.hpp"
#include "job/rest.hpp"
#include "store/journal.hpp"

#include <algorithm>
#include <kiln/exit_code.hpp>
#include <utility>

/// CoordinatorLoop: ranks that die, and ranks that are back.
namespace kiln::job {
namespace {

constexpr Duration kLeastPatience = std::chrono::seconds(1);

}  // namespace

// Who was stopped for a while may have been replaced, and those that it misses may have left in good order: before it
// says anything of them, its writer looks.
bool CoordinatorLoop::reign_is_open() {
  const Instant at = now();
  const Duration pause = at - std::exchange(looked_at_, at).value_or(at);
  if (execution_.heartbeat > Duration::zero() && pause > execution_.heartbeat) {
    reign_open_ = true;
    writer_.look_at_reign();
  }
  if (!reign_open_) return false;
  reign_open_ = writer_.looks_at_reign();
  for (const Rank rank : living_.beats_due(at)) link_.send(rank, living_.own_place());
  return reign_open_;
}

// Outside of stages too: a rank may die while rank 0's program plots.
void CoordinatorLoop::look_for_deaths() {
  if (reign_is_open()) return;  // again: it may have been stopped while it looked for messages, where it mostly is
  const Instant at = now();
  const std::vector<Living::Death> deaths = living_.look(at);
  for (const Living::Death& death : deaths) bury(death);
  if (!deaths.empty()) tell_living();
  for (const Rank rank : living_.beats_due(at)) link_.send(rank, living_.own_place());
  if (std::exchange(work_here_, false) && in_stage()) {
    work_here();
    coordinator_->on_back(link_.transport().rank(), now());
  }
  leave_if_buried();
}

// Alone it forgets nobody any more, and nobody would go on.
void CoordinatorLoop::leave_if_buried() {
  if (stop_ || others().empty() || !buries_too_much(link_.transport(), execution_)) return;
  throw store::Deposed("another rank is to take over: this one writes nothing more and leaves");
}

void CoordinatorLoop::bury(const Living::Death& death) {
  link_.transport().forget(death.rank);
  std::uint64_t units = 0;
  if (in_stage()) {
    for (const auto& worker : coordinator_->workers()) {
      if (worker.rank == death.rank) units = worker.in_flight + worker.held_units;
    }
  }
  observer_.died(death, units);
  if (on_death_) on_death_();
  if (gathering_) gathering_->on_dead(death.rank);
  if (in_stage()) coordinator_->on_dead(death.rank, death.alone, now());
}

// An answer that a stage before asked for is nobody's.
bool CoordinatorLoop::hear_who_ended() {
  bool any = false;
  while (const auto ended = writer_.poll_ended()) {
    any = true;
    if (in_stage()) coordinator_->on_who_ended(ended->rank, ended->end, now());
  }
  return any;
}

void CoordinatorLoop::take_up(Rank rank) {
  if (stop_) return link_.send(rank, protocol::Stop{stop_->exit_code, false});
  observer_.returned(rank);
  link_.send(rank, living_.own_place());
  if (on_back_) on_back_(rank);
  reached_.erase(rank);
  tell_living();
  if (gathering_) gathering_->on_back(rank);
  if (in_stage()) coordinator_->on_back(rank, now());
}

void CoordinatorLoop::work_here() {
  if (!own_worker_) own_worker_ = std::make_unique<WorkerSide>(link_, execution_, [this] { waiter_.wake(); });
}

// Where no other worker lives, this rank works.
std::vector<Rank> CoordinatorLoop::living_workers() {
  const Rank self = link_.transport().rank();
  std::vector<Rank> living;
  for (const Rank rank : workers_) {
    if (rank == self || living_.lives(rank)) living.push_back(rank);
  }
  if (living.empty()) {
    work_here();
    living.push_back(self);
  }
  return living;
}

std::vector<Rank> CoordinatorLoop::others() const {
  std::vector<Rank> ranks;
  for (const Rank rank : workers_) {
    if (rank != link_.transport().rank() && living_.lives(rank)) ranks.push_back(rank);
  }
  return ranks;
}

std::optional<std::uint32_t> CoordinatorLoop::reached(Rank rank) const {
  const auto found = reached_.find(rank);
  return found == reached_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<Rank> CoordinatorLoop::behind(std::uint32_t call) const {
  std::vector<Rank> ranks;
  for (const Rank rank : workers_) {
    const auto found = reached_.find(rank);
    const bool beyond = found != reached_.end() && found->second > call;
    if (rank != link_.transport().rank() && living_.lives(rank) && !beyond) ranks.push_back(rank);
  }
  return ranks;
}

void CoordinatorLoop::stop_workers(int exit_code) {
  const bool finalise = !lost_any();
  stop_ = {exit_code, finalise};
  tell_workers(*stop_);
  const Instant until = now() + std::max(kLeastPatience, 2 * execution_.heartbeat);
  const auto heard = [this](Rank rank) {
    return rank == link_.transport().rank() || !living_.lives(rank) || heard_stop_.contains(rank);
  };
  while (link_.transport().unsent() != 0 || (!finalise && !std::ranges::all_of(workers_, heard))) {
    if (lost_any() && now() >= until) break;
    const bool any = receive();
    for (const Living::Death& death : living_.look(now())) link_.transport().forget(death.rank);
    any ? waiter_.reset() : waiter_.pause(kLongestPause);
  }
}

}  // namespace kiln::job
