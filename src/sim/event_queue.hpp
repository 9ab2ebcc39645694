#pragma once

#include <kiln/detail/bytes.hpp>
#include "base/time.hpp"

#include <kiln/ids.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace kiln::sim {

enum class EventKind : std::uint8_t {
  worker_starts,
  to_coordinator,  ///< a message arrives; `rank` sent it
  to_worker,       ///< a message arrives at `rank`
  unit_ends,       ///< on `rank`; `number` tells a cancelled one
  tick,            ///< `number` tells one that is out of date
  commit_ends,
  interrupt,     ///< at `rank`; `number`: at once
  segment_ends,  ///< what `rank` writes is durable, or failed
  join_ends,     ///< all workers have given to it
};

struct Event {
  Instant at;
  std::uint64_t order = 0;  ///< of putting in: what happens at the same time happens in this order
  EventKind kind = EventKind::tick;
  Rank rank;
  std::uint64_t number = 0;
  Bytes message;
};

/// What is still to happen, by time.
class EventQueue {
 public:
  void put(Instant at, EventKind kind, Rank rank, std::uint64_t number = 0, Bytes message = {}) {
    heap_.push_back({at, next_order_++, kind, rank, number, std::move(message)});
    std::push_heap(heap_.begin(), heap_.end(), Later{});
  }
  std::optional<Event> take() {
    if (heap_.empty()) return std::nullopt;
    std::pop_heap(heap_.begin(), heap_.end(), Later{});
    Event event = std::move(heap_.back());
    heap_.pop_back();
    return event;
  }

 private:
  struct Later {
    bool operator()(const Event& a, const Event& b) const { return a.at != b.at ? a.at > b.at : a.order > b.order; }
  };
  std::vector<Event> heap_;
  std::uint64_t next_order_ = 0;
};

}  // namespace kiln::sim
