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
  join_ends,     ///< all workers have given to it; `number` tells one that was given up
  kill,          ///< of `rank`
  stop,          ///< of `rank`, or of all (-1), for a while; `number`: of the plan's absences
  noticed,       ///< the process table says that `rank` has ended
  beat,          ///< `rank` sends one, where it has sent nothing else
  succession,    ///< `rank` looks whether it is its turn to take over; `number`: of the search
  give_ends,     ///< units may begin from here on, or it could not be written; `number`: of the reign
  epoch_begins,  ///< `rank` links an epoch; `number`: the last entry of the journal that it saw
  time_is_up,    ///< the time limit
  group_made,    ///< on `rank`, a communicator; `number`: of the group
  look_ends,     ///< the coordinator sees who has ended `rank`; `number`: twice the reign, and 1 where it was itself
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
  /// One that was taken happens later; among those of that time, in its old order.
  void put_off(Event event, Instant at) {
    event.at = at;
    heap_.push_back(std::move(event));
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
