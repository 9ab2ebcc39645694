#include "protocol/coordinator.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace kiln::protocol {

bool Coordinator::complete() const {
  return ledger_.done().count() - removed_done_ + ledger_.dead().count() == ledger_.units() - removed_;
}

void Coordinator::touch_pending(Instant now) {
  if (!pending_since_) pending_since_ = now;
}

bool Coordinator::commit_due(Instant now) const {
  if (commit_running_ || pending_->empty()) return false;
  if (storage_retry_at_) return now >= *storage_retry_at_;
  // Whoever ends at once may be killed any moment: what is done is written before units are waited for.
  const bool nothing_to_come = in_flight_ == 0 && (complete() || stop_as_);
  return nothing_to_come || cancelled_ || pending_->bytes >= options_.commit_bytes ||
         now - *pending_since_ >= checkpoint_interval_;
}

void Coordinator::start_commit() {
  pending_->id = next_commit_++;
  committing_ = pending_->done;
  for (const DeadLetter& letter : pending_->dead) committing_.insert(single(letter.unit));
  committing_bytes_ = pending_->bytes;
  commit_running_ = true;
  pending_since_.reset();
  storage_retry_at_.reset();
  port_.commit(std::exchange(pending_, std::make_unique<CommitPlan>()));
}

void Coordinator::on_committed(Duration cost, Instant now) {
  ledger_.mark_committed(committing_);
  committing_.clear();
  committed_bytes_ += std::exchange(committing_bytes_, 0);
  last_commit_cost_ = cost;
  last_commit_at_ = now;
  commit_running_ = false;
  storage_failing_since_.reset();
  if (options_.checkpoint_adapts) checkpoint_interval_ = std::max(options_.checkpoint_every, cost * 100);
  step(now);
}

void Coordinator::on_commit_failed(std::unique_ptr<CommitPlan> plan, Instant now) {
  commit_running_ = false;
  committing_.clear();
  committing_bytes_ = 0;
  plan->done.insert(pending_->done);
  std::move(pending_->dead.begin(), pending_->dead.end(), std::back_inserter(plan->dead));
  std::move(pending_->rows.begin(), pending_->rows.end(), std::back_inserter(plan->rows));
  plan->batches.insert(plan->batches.end(), pending_->batches.begin(), pending_->batches.end());
  plan->bytes += pending_->bytes;
  pending_ = std::move(plan);
  touch_pending(now);
  if (!storage_failing_since_) storage_failing_since_ = now;
  storage_retry_at_ = now + options_.storage_retry;
  // A run that somebody stops has the grace of its units to save what it holds.
  const bool hurried = stop_as_ == Outcome::interrupted;
  const Duration patience = hurried ? std::min(options_.grace, options_.storage_patience) : options_.storage_patience;
  if (stop_as_ != Outcome::storage && now - *storage_failing_since_ >= patience) {
    stop_as_.reset();  // whatever else was the reason, this one ends the run
    begin_drain(Outcome::storage, false, now);
  }
  step(now);
}

void Coordinator::finish_if_over() {
  if (finished_ || commit_running_ || in_flight_ != 0) return;
  const bool unsaved = !pending_->empty();
  if (unsaved && stop_as_ != Outcome::storage) return;  // a commit is due, or will be tried again
  if (!unsaved && complete()) {
    finished_ = true;
    port_.finish(ledger_.dead().empty() ? Outcome::complete : Outcome::units_failed);
  } else if (stop_as_) {
    finished_ = true;
    port_.finish(*stop_as_);
  }
}

std::optional<Instant> Coordinator::next_wake(Instant now) const {
  if (finished_) return std::nullopt;
  std::optional<Instant> wake;
  const auto at = [&wake](std::optional<Instant> moment) {
    if (moment && (!wake || *moment < *wake)) wake = moment;
  };
  at(cancel_at_);
  if (may_hand_out() && !(idle_.empty() && ahead_.empty())) at(retries_.next_wake(now));
  if (!commit_running_ && !pending_->empty()) {
    at(storage_retry_at_ ? *storage_retry_at_ : *pending_since_ + checkpoint_interval_);
  }
  return wake;
}

}  // namespace kiln::protocol
