#include "protocol/coordinator.hpp"

#include <algorithm>
#include <utility>

/// Coordinator: what workers retain until it is committed.
namespace kiln::protocol {

void Coordinator::heard(Worker& worker, std::uint64_t number, std::uint64_t bytes) {
  if (options_.retain_bytes == 0 || number == 0) return;
  Retainings& retained = worker.retained;
  retained.heard = std::max(retained.heard, number);
  retained.bytes += bytes;
  if (retained.bytes >= options_.retain_bytes / 2) retained_presses_ = true;
}

// All that came until now is in this commit, or has nothing that could be committed.
void Coordinator::begin_retained_commit() {
  if (options_.retain_bytes == 0) return;
  retained_presses_ = false;
  for (auto& [rank, worker] : workers_) {
    worker.retained.committing = worker.retained.heard;
    worker.retained.bytes = 0;
  }
}

// Who died and came back meanwhile has other numbers, and none of them here.
void Coordinator::end_retained_commit(bool durable) {
  if (options_.retain_bytes == 0) return;
  for (auto& [rank, worker] : workers_) {
    Retainings& retained = worker.retained;
    const std::uint64_t number = std::exchange(retained.committing, 0);
    if (!durable || number <= retained.committed) continue;
    retained.committed = number;
    port_.send(rank, Committed{number});
  }
}

}  // namespace kiln::protocol
