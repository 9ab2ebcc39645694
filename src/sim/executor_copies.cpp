#include "sim/executor.hpp"

#include <utility>

/// SimExecutor: copies, and units that are given up while they run.
namespace kiln::sim {

// The work in front, all of whose units have ended.
void SimExecutor::end_copy(Instant now) {
  Work copy = std::move(work_.front());
  work_.pop_front();
  const bool done = copy.part.failures.empty();
  const BatchId id = copy.id;
  if (done && mutation_ == Mutation::merge_copy) {
    protocol::Part merged = copy.part;
    put_results(copy, merged);
    holdings_.publish();
  }
  if (done) copy_ = std::move(copy);
  if (!done && mutation_ == Mutation::charge_copy) report(copy, true, now);
  host_.ended(rank_, id, done);
}

// It ends when it would have ended, or never.
void SimExecutor::give_up_running(BatchId batch) {
  host_.unit_ends(rank_, *current_, ExecutorHost::End::cancelled);
  current_.reset();
  if (rank_ == scenario_.never_returns) ++number_;
  zombie_ = batch;
}

protocol::GivenUp SimExecutor::give_up(BatchId batch, Interval units, Instant now) {
  if (work_.empty() || work_.front().id != batch) return {};
  Work& work = work_.front();
  const bool runs = current_ && intersect({*current_, claim_end_}, units) == units;
  if (!runs && intersect(work.open, units) != units) return {};
  if (!(work.part.done.empty() && work.part.failures.empty())) report(work, false, now);
  protocol::GivenUp given{take_back(protocol::TakeBack::Share::all), runs};
  if (!runs) return given;
  given.pieces.push_back({batch, {*current_, claim_end_}, true});
  if (mutation_ == Mutation::loser_counts) {
    put_row(work, *current_);
    protocol::Part part;
    part.done = {single(*current_)};
    put_results(work, part);
    holdings_.publish();
  }
  give_up_running(batch);
  work_.clear();
  return given;
}

bool SimExecutor::settle(BatchId batch, bool keep, Instant now) {
  if (copy_ && copy_->id == batch) {
    Work copy = *std::exchange(copy_, std::nullopt);
    if (keep) report(copy, true, now);
    return false;
  }
  if (work_.empty() || work_.front().id != batch) return false;
  if (keep) {
    work_.front().copy = false;
    return false;
  }
  give_up_running(batch);
  work_.clear();
  return true;
}

}  // namespace kiln::sim
