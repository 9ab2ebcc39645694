#include "job/writer.hpp"

#include "base/log.hpp"
#include "job/clock.hpp"
#include "store/file_ops.hpp"

#include <kiln/error.hpp>

#include <cerrno>
#include <utility>

namespace kiln::job {

namespace {
constexpr auto kBeatEvery = std::chrono::seconds(1);
constexpr auto kEventsEvery = std::chrono::seconds(1);
// While a run goes on, and tries again.
const char* advice(int error_number) {
  if (error_number == ENOSPC || error_number == EDQUOT) return "; make room there";
  return error_number == EROFS ? "; make it writable again" : "";
}

}  // namespace

Writer::Writer(Archive& archive, std::function<void()> wake)
    : archive_(archive), wake_(std::move(wake)), thread_([this] { loop(); }), beats_([this] { beat_on(); }) {}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  thread_.join();
  {
    const std::lock_guard lock(mutex_);
    stop_beating_ = true;
  }
  beats_end_.notify_one();
  beats_.join();
}

void Writer::commit(std::unique_ptr<protocol::CommitPlan> plan) {
  {
    const std::lock_guard lock(mutex_);
    plan_ = std::move(plan);
  }
  changed_.notify_one();
}

void Writer::give(schedule::IntervalSet units) {
  {
    const std::lock_guard lock(mutex_);
    giving_ = std::move(units);
  }
  changed_.notify_one();
}

void Writer::look_who_ended(Rank rank) {
  {
    const std::lock_guard lock(mutex_);
    looks_.push_back(rank);
  }
  changed_.notify_one();
}

void Writer::look_at_reign() {
  {
    const std::lock_guard lock(mutex_);
    reign_open_ = true;
  }
  changed_.notify_one();
}

void Writer::status(std::string text) {
  {
    const std::lock_guard lock(mutex_);
    status_ = std::move(text);
  }
  changed_.notify_one();
}

void Writer::event(std::string line) {
  const std::lock_guard lock(mutex_);
  events_.push_back(std::move(line));  // written at the next beat at the latest
}

void Writer::run(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    ++tasks_open_;
  }
  changed_.notify_one();
}

std::optional<Writer::Committed> Writer::poll() {
  const std::lock_guard lock(mutex_);
  if (fault_) std::rethrow_exception(std::exchange(fault_, nullptr));
  return std::exchange(committed_, std::nullopt);
}

std::optional<std::string> Writer::poll_given() {
  const std::lock_guard lock(mutex_);
  if (fault_) std::rethrow_exception(std::exchange(fault_, nullptr));
  return std::exchange(given_, std::nullopt);
}

std::optional<Writer::Ended> Writer::poll_ended() {
  const std::lock_guard lock(mutex_);
  if (ended_.empty()) return std::nullopt;
  const Ended first = ended_.front();
  ended_.pop_front();
  return first;
}

bool Writer::looks_at_reign() {
  const std::lock_guard lock(mutex_);
  if (fault_) std::rethrow_exception(std::exchange(fault_, nullptr));
  return reign_open_;
}

bool Writer::running() {
  const std::lock_guard lock(mutex_);
  if (fault_) std::rethrow_exception(std::exchange(fault_, nullptr));
  return tasks_open_ != 0;
}

void Writer::loop() {
  std::unique_lock lock(mutex_);
  auto next_events = std::chrono::steady_clock::now();
  while (true) {
    if (!work_one(lock)) {
      if (stop_) break;
      if (broken_) {
        changed_.wait(lock);
      } else {
        changed_.wait_until(lock, next_events);
      }
    }
    if (!broken_ && std::chrono::steady_clock::now() >= next_events) {
      next_events = std::chrono::steady_clock::now() + kEventsEvery;
      write_events(lock);
      tick(lock);
    }
  }
  write_events(lock);
}

void Writer::beat_on() {
  std::unique_lock lock(mutex_);
  while (!stop_beating_ && !broken_) {
    lock.unlock();
    quietly([this] { archive_.beat(); });
    lock.lock();
    beats_end_.wait_for(lock, kBeatEvery, [this] { return stop_beating_; });
  }
}

// The first fault is the one to tell of. With the lock.
void Writer::break_with(std::exception_ptr fault) {
  if (!std::exchange(broken_, true)) fault_ = std::move(fault);
}

void Writer::write_events(std::unique_lock<std::mutex>& lock) {
  if (broken_) return;
  const std::deque<std::string> events = std::exchange(events_, {});
  lock.unlock();
  for (const std::string& line : events) quietly([&] { archive_.write_event(line); });
  lock.lock();
}

void Writer::tick(std::unique_lock<std::mutex>& lock) {
  if (broken_ || stop_ || plan_ || giving_) return;
  lock.unlock();
  quietly([this] { archive_.tick(); });
  lock.lock();
}

// Takes the most urgent thing; false when there is none. After a fault nothing is written any more.
bool Writer::work_one(std::unique_lock<std::mutex>& lock) {
  if (broken_) {
    reign_open_ = false;
    plan_.reset();
    giving_.reset();
    looks_.clear();
    status_.reset();
    tasks_.clear();
    tasks_open_ = 0;
    return false;
  }
  if (reign_open_) {
    lock.unlock();
    do_look_at_reign();
    wake_();
  } else if (plan_) {
    auto plan = std::move(plan_);
    lock.unlock();
    do_commit(std::move(plan));
    wake_();
    quietly([this] { archive_.maintain(); });
  } else if (giving_) {
    const auto units = *std::exchange(giving_, std::nullopt);
    lock.unlock();
    do_give(units);
    wake_();
    quietly([this] { archive_.maintain(); });
  } else if (!looks_.empty()) {
    const Rank rank = looks_.front();
    looks_.pop_front();
    lock.unlock();
    do_look(rank);
    wake_();
  } else if (status_) {
    const std::string text = *std::exchange(status_, std::nullopt);
    lock.unlock();
    quietly([&] { archive_.write_status(text); });
  } else if (!tasks_.empty()) {
    const auto task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    std::exception_ptr fault;
    try {
      task();
    } catch (...) {
      fault = std::current_exception();
    }
    lock.lock();
    --tasks_open_;
    if (fault) break_with(fault);
    lock.unlock();
    wake_();
  } else {
    return false;
  }
  lock.lock();
  return true;
}

void Writer::do_commit(std::unique_ptr<protocol::CommitPlan> plan) {
  const auto begun = now();
  Committed result;
  std::exception_ptr fault;
  try {
    archive_.commit(*plan);
  } catch (const Error& error) {
    if (archive_.may_recover(error)) {
      result.why = error.what();
      result.failed = std::move(plan);
    } else {
      fault = std::current_exception();
    }
  } catch (...) {
    fault = std::current_exception();
  }
  result.cost = now() - begun;
  const std::lock_guard lock(mutex_);
  if (fault) {
    break_with(fault);
  } else {
    committed_ = std::move(result);
  }
}

void Writer::do_give(const schedule::IntervalSet& units) {
  std::string why;
  std::exception_ptr fault;
  try {
    archive_.give(units);
  } catch (const Error& error) {
    if (archive_.may_recover(error)) why = error.what();
    if (why.empty()) fault = std::current_exception();
  } catch (...) {
    fault = std::current_exception();
  }
  const std::lock_guard lock(mutex_);
  if (fault) {
    break_with(fault);
  } else {
    given_ = std::move(why);
  }
}

void Writer::do_look(Rank rank) {
  Ended found{rank, {}};
  quietly([&] { found.end = archive_.how_ended(rank); });
  const std::lock_guard lock(mutex_);
  ended_.push_back(found);
}

void Writer::do_look_at_reign() {
  quietly([this] { archive_.look_at_reign(); });
  const std::lock_guard lock(mutex_);
  reign_open_ = false;
}

// A full disk met by status, beats and housekeeping must not end a run: it is said once. Being deposed must, and so
// must a fault. Without the lock.
void Writer::quietly(const std::function<void()>& task) {
  std::string cause, complaint;
  try {
    task();
    return;
  } catch (const store::StorageError& error) {
    // The run goes on, and its next commit says more.
    cause = std::to_string(error.error_number());
    if (archive_.may_recover(error)) complaint = error.fact() + advice(error.error_number());
    if (complaint.empty()) {
      const std::lock_guard lock(mutex_);
      return break_with(std::current_exception());
    }
  } catch (const Error& error) {
    if (archive_.may_recover(error)) cause = complaint = error.what();
    if (complaint.empty()) {
      const std::lock_guard lock(mutex_);
      return break_with(std::current_exception());
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    return break_with(std::current_exception());
  }
  {
    const std::lock_guard lock(mutex_);
    if (!told_causes_.insert(cause).second) return;
  }
  log::warning("{}", complaint);
}

}  // namespace kiln::job
