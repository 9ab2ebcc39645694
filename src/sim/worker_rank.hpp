#pragma once

#include "protocol/worker.hpp"
#include "sim/executor.hpp"
#include "sim/launch.hpp"
#include "sim/violation.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace kiln::sim {

/// A simulated worker: the real protocol::Worker with a simulated executor.
class Launch::WorkerRank final : public protocol::WorkerPort {
 public:
  WorkerRank(Launch& launch, Rank rank, double slowness)
      : launch_(launch), rank_(rank), executor_(launch.scenario_, rank, slowness, launch.context_.mutation, launch) {}

  void start() {
    worker_.emplace(protocol::Ready{"simulated", rank_.value()}, *this);
    for (protocol::Message& message : std::exchange(early_, {})) worker_->on_message(std::move(message));
  }
  void on_message(protocol::Message message) {
    if (worker_) {
      worker_->on_message(std::move(message));
    } else {
      early_.push_back(std::move(message));
    }
  }
  void on_interrupt(bool at_once) {
    if (worker_) worker_->on_interrupt(at_once);
  }
  void unit_ended(std::uint64_t number) { executor_.unit_ended(number, launch_.now_); }
  void report(protocol::Part part) { worker_->on_part(std::move(part)); }

  const SimExecutor& executor() const { return executor_; }
  bool left() const { return left_; }

  void send(protocol::Message message) override { launch_.send_to_coordinator(rank_, std::move(message)); }
  bool set_up(const protocol::Setup&) override {
    set_up_ = true;
    return true;
  }
  void submit(protocol::Batch batch) override {
    if (!set_up_) violated("rank {} got a batch before its set-up", rank_.value());
    executor_.submit(batch, launch_.now_);
  }
  std::vector<protocol::GivenBack::Piece> take_back(protocol::TakeBack::Share share) override {
    return executor_.take_back(share);
  }
  void cancel() override { executor_.cancel(launch_.now_); }
  void signal_units() override {}
  void leave(int) override {
    left_ = true;
    if (executor_.running() || executor_.behind() != 0) violated("rank {} left with units in hand", rank_.value());
  }

 private:
  Launch& launch_;
  Rank rank_;
  SimExecutor executor_;
  std::optional<protocol::Worker> worker_;
  std::vector<protocol::Message> early_;
  bool set_up_ = false;
  bool left_ = false;
};

}  // namespace kiln::sim
