#include "job/worker_side.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <kiln/error.hpp>
#include <utility>

namespace kiln::job {
namespace {

protocol::Ready introduce() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '?';
  return {host.data(), static_cast<std::int32_t>(getpid())};
}

}  // namespace

WorkerSide::WorkerSide(Link& link, Execution execution, std::function<void()> wake)
    : link_(&link),
      execution_(std::move(execution)),
      wake_(std::move(wake)),
      worker_(introduce(), *this, execution_.hold_bytes, execution_.retain_bytes) {}

WorkerSide::~WorkerSide() {
  past_.push_back({std::move(executor_), std::move(segments_)});
  for (Past& past : past_) {
    past.segments.reset();
    if (!past.executor || !execution_.patience || past.executor->end(*execution_.patience)) continue;
    static_cast<void>(past.executor.release());  // its thread uses it
    execution_.stuck();
  }
}

bool WorkerSide::step() {
  execution_.beat();
  if (!past_.empty()) look_at_past();
  if (!executor_) return false;
  bool any = report_parts();
  for (protocol::Ended ended; executor_->poll_ended(ended); any = true) worker_.on_ended(ended.batch, ended.done);
  if (any) {
    for (Bytes& bytes : executor_->take_spares()) link_->transport().reuse(std::move(bytes));
  }
  // After all parts: a segment speaks of units that were reported.
  if (hear_segment()) any = true;
  worker_.on_tick();
  if (!any) {
    const std::string fault = fault_told_ ? std::string() : executor_->fault();
    if (!fault.empty() && execution_.patience) {
      fault_told_ = true;
      worker_.on_fault({executor_->fault_code(), "units can no longer be run: " + fault});
    } else if (!fault.empty()) {
      throw Error(ExitCode::internal,
                  fmt::format("rank {}: units can no longer be run: {}", link_->transport().rank().value(), fault));
    }
  }
  return any;
}

bool WorkerSide::report_parts() {
  bool any = false;
  protocol::Part part;
  while (executor_->poll(part)) {
    worker_.on_part(std::move(part));
    part = {};
    any = true;
  }
  return any;
}

Duration WorkerSide::calm() const {
  constexpr double kMost = 3600;
  return executor_ ? from_seconds(std::min(executor_->seconds_ahead(), kMost)) : Duration::zero();
}

void WorkerSide::send(const protocol::Message& message) { link_->send(link_->coordinator(), message); }

bool WorkerSide::set_up(const protocol::Setup& setup) {
  auto runner = past_.empty() ? execution_.make_runner(setup, link_->transport().rank()) : nullptr;
  if (runner == nullptr) {
    waiting_ = setup;
    return false;
  }
  waiting_.reset();
  segments_.reset();
  executor_ = std::make_unique<exec::Executor>(std::move(runner), execution_.executor, wake_);
  return true;
}

void WorkerSide::catch_up() {
  if (!waiting_) return;
  const protocol::Setup setup = *std::exchange(waiting_, std::nullopt);
  if (set_up(setup)) worker_.on_set_up();
}

// No thread is waited for: a command has its grace, and a function may never look.
void WorkerSide::forget_all() {
  waiting_.reset();
  if (execution_.leave_join) static_cast<void>(execution_.leave_join(true));
  if (executor_) executor_->end(Duration::zero());
  if (executor_) past_.push_back({std::move(executor_), std::move(segments_)});
}

// A setup that came meanwhile waits for it.
void WorkerSide::look_at_past() {
  std::erase_if(past_, [](Past& past) {
    if (past.segments && !past.segments->idle()) return false;
    past.segments.reset();
    return past.executor->ended();
  });
  if (past_.empty()) catch_up();
}

void WorkerSide::answer(protocol::Answer answer) {
  if (execution_.answer) execution_.answer(std::move(answer));
}

void WorkerSide::announce(const protocol::Announce& announce) {
  if (execution_.announce) execution_.announce(announce);
}

void WorkerSide::group(const protocol::Group& group) {
  if (execution_.group) execution_.group(group, link_->coordinator());
}

void WorkerSide::make_group(std::uint64_t number) {
  if (execution_.make_group) execution_.make_group(number);
}

protocol::WorkerPort::Held WorkerSide::held() {
  if (!executor_) return {};
  const exec::Holdings& held = executor_->holdings();
  return {held.bytes(), held.largest_part(), held.joinable(), executor_->most_held()};
}

protocol::WorkerPort::Writing WorkerSide::write_segment() {
  if (!executor_) return Writing::nothing;
  exec::HeldResults results;
  switch (executor_->holdings().take(results)) {
    case exec::Holdings::Taken::nothing:
      return Writing::nothing;
    case exec::Holdings::Taken::later:
      return Writing::later;
    case exec::Holdings::Taken::all:
      break;
  }
  if (!execution_.write_segment) throw Error(ExitCode::internal, "a worker holds results and cannot write segments");
  if (!segments_) segments_ = std::make_unique<SegmentWriter>(execution_.write_segment, wake_);
  segments_->begin(std::move(results));
  return Writing::began;
}

bool WorkerSide::join(const protocol::Join& join) {
  exec::HeldResults results;
  if (executor_ && executor_->holdings().hand_over(results) == exec::Holdings::Taken::later) return false;
  if (!execution_.join) throw Error(ExitCode::internal, "a worker is to join what it holds and cannot");
  execution_.join(join, std::move(results));
  return true;
}

bool WorkerSide::leave_join(bool keep) {
  if (!execution_.leave_join) return false;
  exec::HeldResults given = execution_.leave_join(keep);
  const bool held = keep && executor_ && !given.units.empty();
  if (held) executor_->holdings().take_back(std::move(given));
  return held;
}

// What could not go on is told to the new coordinator, too.
void WorkerSide::on_takeover() {
  fault_told_ = false;
  worker_.on_takeover();
}

bool WorkerSide::hear_segment() {
  if (!segments_) return false;
  auto written = segments_->poll();
  if (!written) return false;
  if (written->segment.failed.empty()) {
    executor_->holdings().written();
  } else {
    executor_->holdings().failed(std::move(written->failed));
  }
  executor_->holds_less();
  worker_.on_segment(std::move(written->segment));
  return true;
}

void WorkerSide::submit(protocol::Batch batch) {
  if (!executor_) throw Error(ExitCode::internal, "a batch came before its setup");
  executor_->submit({batch.id, batch.units, batch.attempt, std::move(batch.payloads), batch.copy});
}

std::vector<protocol::GivenBack::Piece> WorkerSide::take_back(protocol::TakeBack::Share share) {
  return executor_ ? executor_->take_back(share) : std::vector<protocol::GivenBack::Piece>{};
}

protocol::GivenUp WorkerSide::give_up(BatchId batch, Interval units) {
  if (!executor_) return {};
  protocol::GivenUp given = executor_->give_up(batch, units);
  report_parts();
  return given;
}

bool WorkerSide::settle(BatchId batch, bool keep) { return executor_ && executor_->settle_copy(batch, keep); }

void WorkerSide::cancel() {
  if (executor_) executor_->cancel();
}

void WorkerSide::signal_units() {
  if (executor_) executor_->signal_units();
}

}  // namespace kiln::job
