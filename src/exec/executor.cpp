#include "exec/executor.hpp"

#include <fmt/core.h>
#include <sched.h>
#include <kiln/detail/place.hpp>
#include <kiln/error.hpp>

#include <algorithm>
#include <utility>

namespace kiln::exec {
namespace {

/// Waking a sleeping thread costs some microseconds: a batch that comes at once is met awake. Never longer than the
/// last units took.
constexpr double kLeastSpin = 3e-6, kMostSpin = 50e-6;  // seconds

constexpr std::size_t kMostSpares = 16, kLeastSpare = 4096;

}  // namespace

Executor::Executor(std::unique_ptr<Runner> runner, Options options, std::function<void()> wake)
    : runner_(std::move(runner)),
      most_held_(runner_->most_held()),
      options_(options),
      report_bytes_(most_held_ == 0 ? options.report_bytes : std::min(options.report_bytes, most_held_ / 8)),
      wake_(std::move(wake)),
      thread_([this] { loop(); }) {}

Executor::~Executor() {
  stop();
  thread_.join();
}

void Executor::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    if (running_ != nullptr) {
      running_->set_cancelled();
      runner_->cancel();
    }
  }
  submitted_.fetch_add(1);
  work_waits_.notify_all();
}

bool Executor::end(Duration patience) {
  stop();
  Lock lock(mutex_);
  return leaves_.wait_for(lock, patience, [this] { return left_; });
}

bool Executor::ended() const {
  const std::lock_guard lock(mutex_);
  return left_;
}

void Executor::submit(Work work) {
  const std::uint64_t first = work.units.first.value();
  const std::uint64_t last = work.units.last.value();
  if (first >= last) throw Error(ExitCode::internal, fmt::format("batch {} has no units", work.id.value()));
  bool sleeping = false;
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back({std::move(work), first, last});
    sleeping = sleeping_;
  }
  submitted_.fetch_add(1, std::memory_order_release);
  if (sleeping) work_waits_.notify_one();
}

std::vector<protocol::GivenBack::Piece> Executor::take_back(protocol::TakeBack::Share share) {
  const std::lock_guard lock(mutex_);
  return give_back(share);
}

// With the lock.
std::vector<protocol::GivenBack::Piece> Executor::give_back(protocol::TakeBack::Share share) {
  std::uint64_t total = 0;
  for (const Entry& entry : queue_) total += entry.end - entry.next;
  std::uint64_t wanted = share == protocol::TakeBack::Share::all ? total : total - total / 2;
  std::vector<protocol::GivenBack::Piece> pieces;
  // A batch that has nothing left is either removed here or the one in front, which the thread removes.
  for (std::size_t i = queue_.size(); i-- > 0 && wanted != 0;) {
    Entry& entry = queue_[i];
    const std::uint64_t left = entry.end - entry.next;
    std::uint64_t count = std::min(wanted, left);
    if (count == 0) continue;
    if (options_.dyadic && count < left) {
      const std::uint64_t slack = count / 4;
      const std::uint64_t border = entry.end - count;
      count = entry.end - detail::most_aligned(std::max(border, entry.next + 1 + slack) - slack, border + slack);
      wanted = count;
    }
    wanted -= count;
    give_back(entry, count, pieces);
    const bool front_runs = i == 0 && running_ != nullptr;
    if (entry.next != entry.end || front_runs) continue;
    pieces.back().last = !mark_last(entry.work.id);
    queue_.pop_back();
  }
  return pieces;
}

void Executor::give_back(Entry& entry, std::uint64_t count, std::vector<protocol::GivenBack::Piece>& pieces) {
  pieces.push_back({entry.work.id, make_interval(entry.end - count, entry.end), false});
  entry.end -= count;
}

bool Executor::mark_last(BatchId batch) {
  if (out_.empty() || out_.back().batch != batch) return false;
  out_.back().last = true;
  return true;
}

void Executor::cancel() {
  const std::lock_guard lock(mutex_);
  if (running_ == nullptr) return;
  running_->set_cancelled();
  runner_->cancel();
}

void Executor::signal_units() {
  const std::lock_guard lock(mutex_);
  if (running_ == nullptr) return;
  running_->set_signalled();
  runner_->signal();
}

bool Executor::poll(protocol::Part& part) {
  if (!anything_out_.load(std::memory_order_acquire)) return false;
  const std::lock_guard lock(mutex_);
  if (out_.empty() && pending_ != nullptr && !queue_.empty() &&
      PartBuilder::Clock::now() - pending_->first_ended() >= options_.report_every) {
    put_pending_out();
  }
  if (!out_.empty()) {
    part = std::move(out_.front());
    out_.pop_front();
    anything_out_.store(!out_.empty() || pending_ != nullptr, std::memory_order_release);
    return true;
  }
  return false;
}

std::vector<Bytes> Executor::take_spares() {
  if (!any_spares_.load(std::memory_order_acquire)) return {};
  const std::lock_guard lock(mutex_);
  any_spares_.store(false, std::memory_order_release);
  return std::exchange(spares_, {});
}

std::string Executor::fault() const {
  const std::lock_guard lock(mutex_);
  return fault_;
}

int Executor::fault_code() const {
  const std::lock_guard lock(mutex_);
  return to_int(fault_code_);
}

double Executor::seconds_ahead() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t units = 0;
  for (const Entry& entry : queue_) units += entry.end - entry.next;
  return unit_seconds_ * static_cast<double>(units);
}

// With the lock.
void Executor::put_pending_out() {
  put_out(std::exchange(pending_, nullptr)
              ->take_part(queue_.front().work.id, options_.ride_bytes, holdings_, Holdings::Join::later));
  holdings_.publish();
}

void Executor::put_out(protocol::Part part) {
  out_.push_back(std::move(part));
  anything_out_.store(true, std::memory_order_release);
}

void Executor::loop() noexcept {
  std::string fault;
  ExitCode code = ExitCode::internal;
  try {
    Lock lock(mutex_);
    while (wait_for_work(lock)) run_chunk(lock);
    left_ = true;
    leaves_.notify_all();
    return;
  } catch (const Error& error) {
    fault = error.what();
    code = error.code();
  } catch (const std::exception& error) {
    fault = error.what();
  } catch (...) {
    fault = "an exception that is no std::exception left the runner";
  }
  {
    const std::lock_guard lock(mutex_);
    running_ = nullptr;
    left_ = true;
    leaves_.notify_all();
    fault_code_ = code;
    fault_ = fault.empty() ? "an exception without a text left the runner" : std::move(fault);
  }
  wake_();
}

// With the lock. The results of a copy stay apart.
bool Executor::holds_too_much() const {
  return most_held_ != 0 && !queue_.front().work.copy &&
         holdings_.bytes() > std::max(most_held_, 2 * holdings_.largest_part());
}

void Executor::holds_less() {
  if (most_held_ == 0) return;
  { const std::lock_guard lock(mutex_); }  // who looked before now sleeps
  work_waits_.notify_all();
}

/// With the lock held on entry and exit; false when the thread shall end.
bool Executor::wait_for_work(Lock& lock) {
  while (!stop_ && (queue_.empty() || holds_too_much())) {
    if (!queue_.empty()) {
      work_waits_.wait(lock);
      continue;
    }
    const double spin = chunk_seconds_;
    const std::uint64_t seen = submitted_.load(std::memory_order_acquire);
    lock.unlock();
    const auto until =
        PartBuilder::Clock::now() + std::chrono::duration<double>(std::clamp(spin, kLeastSpin, kMostSpin));
    while (submitted_.load(std::memory_order_acquire) == seen && PartBuilder::Clock::now() < until) sched_yield();
    lock.lock();
    sleeping_ = true;
    work_waits_.wait(lock, [this] { return stop_ || !queue_.empty(); });
    sleeping_ = false;
  }
  return !stop_;
}

void Executor::run_chunk(Lock& lock) {
  Entry& entry = queue_.front();
  const std::uint64_t most = entry.work.copy ? UINT64_MAX : std::max<std::uint64_t>(1, runner_->claim(unit_seconds_));
  const Interval claimed = make_interval(entry.next, entry.next + std::min(most, entry.end - entry.next));
  entry.next = claimed.last.value();
  auto harvest = holdings_.take_spare();
  if (harvest == nullptr) harvest = runner_->make_harvest();
  at_work_ = std::make_unique<PartBuilder>(runner_->tables(), std::move(harvest));
  running_ = at_work_.get();
  claimed_ = claimed;
  in_runner_ = true;
  lock.unlock();

  at_work_->begin();
  runner_->run(entry.work, claimed, *at_work_);
  at_work_->end();
  at_work_->expect_complete(claimed);

  chunk_seconds_ = at_work_->seconds();
  const double each = chunk_seconds_ / static_cast<double>(claimed.size());
  lock.lock();
  in_runner_ = false;
  if (given_up_ || entry.work.copy) return take_off(lock);
  unit_seconds_ = unit_seconds_ == 0 ? each : 0.7 * unit_seconds_ + 0.3 * each;
  settle(lock);
}

/// Puts out a part where one is due. `running_` stays set until all of it is decided, so that nobody else ends the
/// batch. Where joining throws, nothing of what was to be joined is put out.
void Executor::settle(Lock& lock) {
  Entry& entry = queue_.front();
  if (std::unique_ptr<PartBuilder> before = std::exchange(pending_, nullptr)) {
    before->append(*at_work_);
    at_work_ = std::move(before);
    running_ = at_work_.get();
  }
  const bool due = entry.next == entry.end || at_work_->bytes() >= report_bytes_ ||
                   PartBuilder::Clock::now() - at_work_->first_ended() >= options_.report_every;
  if (!due) {
    pending_ = std::move(at_work_);
    running_ = nullptr;
    anything_out_.store(true, std::memory_order_release);
    return;
  }
  lock.unlock();
  protocol::Part part = at_work_->take_part(entry.work.id, options_.ride_bytes, holdings_, Holdings::Join::now);
  lock.lock();
  running_ = nullptr;
  part.last = entry.next == entry.end;
  put_out(std::move(part));
  holdings_.publish();
  Bytes finished;
  if (out_.back().last) {
    finished = entry.work.payloads.take_all();
    if (finished.size() >= kLeastSpare && spares_.size() < kMostSpares) {
      spares_.push_back(std::exchange(finished, {}));
      any_spares_.store(true, std::memory_order_release);
    }
    queue_.pop_front();
  }
  lock.unlock();
  wake_();
  finished = {};  // both freed without the lock
  at_work_.reset();
  lock.lock();
}

}  // namespace kiln::exec
