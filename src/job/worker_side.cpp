#include "job/worker_side.hpp"

#include <fmt/core.h>
#include <unistd.h>

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
    : link_(link), execution_(std::move(execution)), wake_(std::move(wake)), worker_(introduce(), *this) {}

bool WorkerSide::step() {
  execution_.beat();
  if (!executor_) return false;
  bool any = false;
  protocol::Part part;
  while (executor_->poll(part)) {
    worker_.on_part(std::move(part));
    part = {};
    any = true;
  }
  if (!any) {
    if (const std::string fault = executor_->fault(); !fault.empty()) {
      throw Error(ExitCode::internal,
                  fmt::format("rank {}: units can no longer be run: {}", link_.transport().rank().value(), fault));
    }
  }
  return any;
}

void WorkerSide::send(protocol::Message message) { link_.send(link_.coordinator(), message); }

void WorkerSide::set_up(const protocol::Setup& setup) {
  executor_ = std::make_unique<exec::Executor>(execution_.make_runner(setup.content, link_.transport().rank()),
                                               exec::Executor::Options{}, wake_);
}

void WorkerSide::submit(protocol::Batch batch) {
  executor_->submit({batch.id, batch.units, batch.attempt, std::move(batch.payloads)});
}

std::vector<protocol::GivenBack::Piece> WorkerSide::take_back(protocol::TakeBack::Share share) {
  return executor_ ? executor_->take_back(share) : std::vector<protocol::GivenBack::Piece>{};
}

void WorkerSide::cancel() {
  if (executor_) executor_->cancel();
}

void WorkerSide::signal_units() {
  if (executor_) executor_->signal_units();
}

}  // namespace kiln::job
