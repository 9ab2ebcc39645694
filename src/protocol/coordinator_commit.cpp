#include "protocol/coordinator.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace kiln::protocol {

// Or nothing more can be.
bool Coordinator::complete() const {
  const std::uint64_t settled = ledger_.done().count() - removed_done_ + ledger_.dead().count();
  return settled + gates_.blocked() == ledger_.units() - removed_;
}

void Coordinator::count_done(Interval units) { gates_.done(ledger_.mark_done(units)); }

void Coordinator::touch_unsaved(Instant now) {
  if (!unsaved_since_) unsaved_since_ = now;
}

bool Coordinator::save_due(Instant now) const {
  if (!unsaved()) return false;
  if (storage_retry_at_) return now >= *storage_retry_at_;
  // Whoever ends at once may be killed any moment: what is done is written before units are waited for.
  const bool nothing_to_come = in_flight_ == 0 && (complete() || stop_as_);
  return nothing_to_come || cancelled_ || retained_presses_ || gates_.wants_commit() ||
         pending_->bytes >= options_.commit_bytes || now - *unsaved_since_ >= checkpoint_interval_;
}

// Workers that hold results write or join them first, so that one entry has all. It waits for them only while nothing
// presses.
void Coordinator::save(Instant now) {
  look_at_waiting_join();
  const bool due = save_due(now);
  if (due && std::exchange(storage_retry_at_, std::nullopt) && flushing_ == Flushing::answered) {
    flushing_ = Flushing::no;
  }
  if (due && flushing_ == Flushing::no && !joins()) ask_flushes();
  if (commit_running_) return;
  if (pending_->empty()) {
    if (flushing_ == Flushing::answered) flushing_ = Flushing::no;
    return;
  }
  const bool presses =
      cancelled_ || storage_failing_since_ || retained_presses_ || pending_->bytes >= options_.commit_bytes;
  const bool waits = (flushing_ == Flushing::asked || joins()) && !presses;
  if ((due && !waits) || (flushing_ == Flushing::answered && !storage_retry_at_)) start_commit(now);
}

void Coordinator::start_commit(Instant now) {
  pending_->id = next_commit_++;
  committing_ = pending_->done;
  for (const DeadLetter& letter : pending_->dead) committing_.insert(single(letter.unit));
  committing_bytes_ = pending_->bytes;
  for (const Segment& segment : pending_->segments) committing_segments_ += segment.length;
  commit_running_ = true;
  begin_retained_commit();
  if (flushing_ == Flushing::answered) flushing_ = Flushing::no;
  unsaved_since_.reset();
  if (!holders_.empty()) touch_unsaved(now);
  port_.commit(std::exchange(pending_, std::make_unique<CommitPlan>()));
}

void Coordinator::on_committed(Duration cost, Instant now) {
  ledger_.mark_committed(committing_);
  for (const Interval units : gates_.committed(committing_).intervals()) queue_.put_back(units);
  committing_.clear();
  committed_bytes_ += std::exchange(committing_bytes_, 0) + std::exchange(committing_segments_, 0);
  last_commit_cost_ = cost;
  last_commit_at_ = now;
  commit_running_ = false;
  end_retained_commit(true);
  commits_failing_ = false;
  storage_works();
  if (options_.checkpoint_adapts) checkpoint_interval_ = std::max(options_.checkpoint_every, cost * 100);
  step(now);
}

void Coordinator::on_commit_failed(std::unique_ptr<CommitPlan> plan, Instant now) {
  commit_running_ = false;
  end_retained_commit(false);
  commits_failing_ = true;
  committing_.clear();
  committing_bytes_ = 0;
  committing_segments_ = 0;
  const auto append = [](auto& to, auto& from) { std::move(from.begin(), from.end(), std::back_inserter(to)); };
  plan->done.insert(pending_->done);
  append(plan->dead, pending_->dead);
  append(plan->rows, pending_->rows);
  append(plan->partials, pending_->partials);
  append(plan->segments, pending_->segments);
  append(plan->batches, pending_->batches);
  plan->joined = plan->joined || pending_->joined;
  plan->bytes += pending_->bytes;
  pending_ = std::move(plan);
  touch_unsaved(now);
  storage_failed(now);
  step(now);
}

// A commit, a give, or the segment of a worker could not be written.
void Coordinator::storage_failed(Instant now) {
  if (!storage_failing_since_) storage_failing_since_ = now;
  storage_retry_at_ = now + options_.storage_retry;
  // A run that somebody stops has the grace of its units to save what it holds.
  const bool hurried = stop_as_ == Outcome::interrupted || stop_as_ == Outcome::fault;
  const Duration patience = hurried ? std::min(options_.grace, options_.storage_patience) : options_.storage_patience;
  if (gave_up_ || now - *storage_failing_since_ < patience) return;
  gave_up_ = true;
  if (stop_as_ != Outcome::fault) stop_as_.reset();  // whatever else was the reason, this one ends the run
  begin_drain(Outcome::storage, false, now);
}

// One of those that failed works again.
void Coordinator::storage_works() {
  if (commits_failing_ || gives_failing_ || !segments_failing_.empty()) return;
  if (storage_failing_since_) port_.note_storage_works();
  storage_failing_since_.reset();
  storage_retry_at_.reset();
}

void Coordinator::finish_if_over() {
  if (finished_ || commit_running_ || !giving_.empty() || flushes_out_ != 0 || in_flight_ != 0 || joins()) {
    return;
  }
  if (unsaved() && !gave_up_) return;  // a commit is due, or will be tried again
  if (!unsaved() && complete() && stop_as_ != Outcome::fault) {
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
  at(give_up_at_);
  if (options_.time_limit && may_stop_in_time()) at(options_.time_limit->end);
  if (may_hand_out() && !(idle_.empty() && ahead_.empty() && copies_.out.empty())) at(retries_.next_wake(now));
  at(next_look());
  at(held_up_until_);
  const bool joining = joins();
  const bool may_ask = flushing_ == Flushing::no && !joining && !holders_.empty();
  const bool may_commit = flushing_ != Flushing::asked && !joining && !commit_running_ && !pending_->empty();
  if (storage_retry_at_) {
    if (unsaved() || (gives_failing_ && giving_.empty())) at(storage_retry_at_);
  } else if (may_ask || may_commit) {
    at(*unsaved_since_ + checkpoint_interval_);
  }
  return wake;
}

}  // namespace kiln::protocol
