#include "protocol/coordinator.hpp"

/// Coordinator: workers that cannot work. A worker that was told to leave a unit goes on with it where nobody can end
/// it, and gets nothing until then; so does one that comes back, or begins a stage, in the middle of a unit of before.
/// When the others have died, only a new launch has workers again.
namespace kiln::protocol {
namespace {

constexpr int kUnsure = 20;

}  // namespace

// Nothing where somebody works, or will.
std::optional<Duration> Coordinator::held_up_patience() const {
  if (in_flight_ != 0 || !giving_.empty() || workers_.empty() || !may_hand_out() || complete()) return std::nullopt;
  bool sure = true;
  // Where others live, a suspect is not for this rank.
  const bool spared = workers_.size() > 1 && queue_.empty() && retries_.empty() && !waiting_suspects_.empty();
  for (const auto& [rank, worker] : workers_) {
    if (spared && rank == self_) continue;
    const bool getting_ready = !worker.view.ready && worker.held_up != Worker::HeldUp::no;
    if (!worker.busy && !getting_ready) return std::nullopt;
    sure = sure && (worker.busy || worker.held_up == Worker::HeldUp::yes);
  }
  return sure ? options_.held_up_patience : kUnsure * options_.held_up_patience;
}

void Coordinator::look_for_held_up(Instant now) {
  held_up_until_.reset();
  const auto patience = held_up_patience();
  if (!patience) return held_up_since_.reset();
  if (!held_up_since_) held_up_since_ = now;
  if (now < *held_up_since_ + *patience) {
    held_up_until_ = *held_up_since_ + *patience;
  } else {
    begin_drain(Outcome::held_up, false, now);
  }
}

}  // namespace kiln::protocol
