#include "exec/executor.hpp"

#include <algorithm>
#include <utility>

/// Executor: copies of units that another worker has as well, and units that are given up while they run.
namespace kiln::exec {

// The units in front have been run, and nothing of them is to be reported now. With the lock on entry and exit.
void Executor::take_off(Lock& lock) {
  Entry front = std::move(queue_.front());
  queue_.pop_front();
  std::unique_ptr<PartBuilder> results = std::move(at_work_);
  running_ = nullptr;
  const bool done = !given_up_ && !results->any_failed();
  if (done) {
    copy_ = std::move(results);
    copy_batch_ = front.work.id;
  }
  lock.unlock();
  front.work.payloads = {};  // both freed without the lock, and before anybody hears that it is over
  results.reset();
  lock.lock();
  given_up_ = false;
  tell_ended(front.work.id, done);
  lock.unlock();
  wake_();
  lock.lock();
}

// With the lock.
void Executor::tell_ended(BatchId batch, bool done) {
  ended_.push_back({batch, done});
  any_ended_.store(true, std::memory_order_release);
}

bool Executor::poll_ended(protocol::Ended& ended) {
  if (!any_ended_.load(std::memory_order_acquire)) return false;
  const std::lock_guard lock(mutex_);
  if (ended_.empty()) return false;
  ended = ended_.front();
  ended_.pop_front();
  any_ended_.store(!ended_.empty(), std::memory_order_release);
  return true;
}

protocol::GivenUp Executor::give_up(BatchId batch, Interval units) {
  const std::lock_guard lock(mutex_);
  const auto entry = std::ranges::find_if(queue_, [&](const Entry& one) { return one.work.id == batch; });
  if (entry == queue_.end()) return {};
  const bool runs = in_runner_ && !given_up_ && entry == queue_.begin() && intersect(claimed_, units) == units;
  if (!runs && intersect(make_interval(entry->next, entry->end), units) != units) return {};
  if (pending_ != nullptr) put_pending_out();
  protocol::GivenUp given{give_back(protocol::TakeBack::Share::all), runs};
  if (!runs) return given;
  given.pieces.push_back({batch, claimed_, true});
  given_up_ = true;
  running_->set_cancelled();
  runner_->give_up();
  return given;
}

bool Executor::settle_copy(BatchId batch, bool keep) {
  std::unique_ptr<PartBuilder> copy;  // freed without the lock
  const std::lock_guard lock(mutex_);
  if (copy_ != nullptr && copy_batch_ == batch) {
    copy = std::move(copy_);
    if (!keep) return false;
    protocol::Part part = copy->take_part(batch, options_.ride_bytes, holdings_, Holdings::Join::later);
    part.last = true;
    put_out(std::move(part));
    holdings_.publish();
    return false;
  }
  const auto entry = std::ranges::find_if(queue_, [&](const Entry& one) { return one.work.id == batch; });
  if (entry == queue_.end() || !entry->work.copy) return false;
  if (keep) {
    entry->work.copy = false;
  } else if (entry == queue_.begin() && in_runner_) {
    given_up_ = true;
    running_->set_cancelled();
    runner_->give_up();
  } else {
    queue_.erase(entry);
    tell_ended(batch, false);
  }
  return !keep;
}

}  // namespace kiln::exec
