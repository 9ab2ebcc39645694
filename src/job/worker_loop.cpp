#include "job/worker_loop.hpp"

#include "base/log.hpp"
#include "base/quantity.hpp"
#include "job/clock.hpp"
#include "job/leave.hpp"
#include "job/rest.hpp"
#include "store/journal.hpp"

#include <fmt/core.h>
#include <kiln/exit_code.hpp>

#include <exception>
#include <utility>

namespace kiln::job {

WorkerLoop::WorkerLoop(net::Transport& transport, Waiter& waiter, const Execution& execution,
                       const std::function<bool(WorkerSide&)>& each_turn, Claim claim)
    : waiter_(waiter),
      each_turn_(each_turn),
      execution_(execution),
      heartbeat_(execution.heartbeat),
      claim_(std::move(claim)),
      link_(transport),
      watch_(link_, heartbeat_),
      worker_(std::make_unique<WorkerSide>(link_, execution, [&waiter] { waiter.wake(); })) {
  if (claim_.take && heartbeat_ > Duration::zero()) heirs_.emplace(link_, heartbeat_);
}

WorkEnd WorkerLoop::run() {
  while (!worker_->left() && !over_) {
    bool busy = worker_->step();
    const bool looks = each_turn_ && each_turn_(*worker_);
    for (const int signal : waiter_.take_signals_sometimes()) {
      interrupts_.push_back(leaves_no_time(signal));
      worker_->on_interrupt(interrupts_.back());
    }
    if (hear()) busy = true;
    if (!worker_->left()) look_for_coordinator();
    if (inheritance_) return {0, false, std::move(inheritance_)};
    if (!worker_->left() && !over_ && buries_too_much(link_.transport(), execution_))
      over_ = to_int(ExitCode::stopped_early);
    busy ? waiter_.reset() : rest(waiter_, link_.transport(), looks, [&] { return worker_->calm(); });
  }
  if (over_) return {*over_, false, nullptr};
  if (!finalise_) say_farewell();
  return {*worker_->left(), finalise_, nullptr};
}

bool WorkerLoop::hear() {
  bool any = false;
  while (auto received = link_.receive()) {
    hear(std::move(*received));
    any = true;
  }
  return any;
}

void WorkerLoop::hear(Link::Received received) {
  protocol::Message& message = received.message;
  if (received.peer) {
    if (heirs_) heirs_->hear_peer(received.from, message);
    return;
  }
  if (received.took_over) follow(received.from);
  if (received.anew) {
    log::info("the coordinator had given this rank up; it begins anew");
    worker_->begin_anew();
  }
  if (heirs_) heirs_->hear(message);
  if (const auto* place = std::get_if<protocol::Beat>(&message)) {
    watch_.hear(*place);
    if (heirs_) heirs_->note_place(received.from, *place);
  }
  if (const auto* setup = std::get_if<protocol::Setup>(&message); setup != nullptr && heirs_) setup_ = *setup;
  if (const auto* stop = std::get_if<protocol::Stop>(&message)) finalise_ = stop->finalise;
  worker_->on_message(std::move(message));
}

void WorkerLoop::follow(Rank coordinator) {
  log::debug("rank {} is the coordinator now", coordinator.value());
  link_.transport().forget(std::exchange(coordinator_, coordinator));  // it may never take what waits for it
  lost_at_.reset();
  finalise_ = false;
  if (heirs_) heirs_->follow();
  worker_->on_takeover();
}

void WorkerLoop::look_for_coordinator() {
  const Instant at = now();
  const Rank watched = link_.coordinator();
  if (const auto gone = watch_.turn(at)) {
    hear();  // the last that it sent may have come in meanwhile, or the begin of another reign
    if (worker_->left() || link_.coordinator() != watched) return;
    if (!heirs_) return leave(gone->why);
    why_ = gone->ended ? "died" : gone->why;
    if (gone->ended) heirs_->coordinator_ended();
    if (gone->ended && !link_.in_reign()) lost_at_ = at;
  }
  if (!heirs_) return;
  // Somebody else may have heard the begin of its reign.
  if (lost_at_ && at - *lost_at_ >= 3 * heartbeat_) return leave("has ended");
  look_for_turn();
}

void WorkerLoop::look_for_turn() {
  if (heirs_->turn(now())) begin_claim();
  if (claiming_.valid()) hear_claim();
}

void WorkerLoop::begin_claim() {
  if (claiming_.valid()) return heirs_->beaten();  // the one before is still at it
  if (!setup_ && claim_.needs_setup) return leave(why_ + " before this rank knew what to do");
  const Epoch follows = link_.stamp()->epoch;
  claiming_ = std::async(std::launch::async, [this, follows] {
    const auto& take = claim_.take;
    Waiter& waiter = waiter_;
    try {
      const auto ended = take(follows);
      waiter.wake();
      return ended;
    } catch (...) {
      waiter.wake();
      throw;
    }
  });
}

void WorkerLoop::hear_claim() {
  if (claiming_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return;
  try {
    if (const auto ended = claiming_.get()) return end_for_all(*ended);
    inherit();
  } catch (const store::Deposed& deposed) {
    log::debug("{}", deposed.what());
    if (heirs_->taking_over()) heirs_->beaten();
  } catch (const std::exception& fault) {
    log::error("{}", fault.what());
    leave(why_ + " and this rank cannot take its place");
  }
}

void WorkerLoop::inherit() {
  inheritance_ = std::make_unique<Inheritance>();
  inheritance_->worker = std::move(worker_);
  if (setup_) inheritance_->setup = std::move(*setup_);
  inheritance_->living = heirs_->living();
  inheritance_->places = heirs_->places();
  inheritance_->before = link_.coordinator();
  inheritance_->lost = heirs_->lost_since();
  inheritance_->why = why_;
  inheritance_->interrupts = std::move(interrupts_);
  link_.transport().forget(link_.coordinator());
  for (const Rank rank : inheritance_->lost) link_.transport().forget(rank);
}

// Nothing is written any more: the others are told under an epoch that nobody has begun.
void WorkerLoop::end_for_all(int exit_code) {
  const protocol::Stamp stamp{link_.stamp()->epoch.next(), View(1)};
  link_.transport().forget(link_.coordinator());
  for (const Rank rank : heirs_->living()) {
    if (rank == link_.transport().rank()) continue;
    link_.transport().send(rank, protocol::encode(protocol::Stop{exit_code, false}, stamp));
  }
  flush(link_.transport(), waiter_);
  over_ = exit_code;
}

void WorkerLoop::leave(const std::string& why) {
  log::warning(
      "rank {}, the coordinator, {}; this rank leaves. What is committed is safe: the same command goes on "
      "from there",
      link_.coordinator().value(), why);
  link_.transport().forget(link_.coordinator());
  over_ = to_int(ExitCode::stopped_early);
}

// The coordinator waits for it: a process that ends at once could take along what it was to read.
void WorkerLoop::say_farewell() {
  link_.send(link_.coordinator(), protocol::Stop{*worker_->left(), false});
  flush(link_.transport(), waiter_);
}

WorkEnd work(net::Transport& transport, Waiter& waiter, const Execution& execution,
             const std::function<bool(WorkerSide&)>& each_turn, Claim claim) {
  return WorkerLoop(transport, waiter, execution, each_turn, std::move(claim)).run();
}

}  // namespace kiln::job
