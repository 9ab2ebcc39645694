#pragma once

#include "job/link.hpp"
#include "job/process_watch.hpp"
#include "protocol/membership.hpp"

#include <optional>
#include <string>

namespace kiln::job {

/// A worker's eye on the coordinator, and its own beats to it. Main thread.
class CoordinatorWatch {
 public:
  /// `deadline` zero: neither.
  CoordinatorWatch(Link& link, Duration deadline);

  /// The coordinator has said where it is.
  void hear(const protocol::Beat& place) { processes_.watch(link_.coordinator(), place); }
  struct Gone {
    bool ended = false;  ///< its process is known to have; else it gave no sign of life for two deadlines
    std::string why;     ///< "has ended"
  };
  /// At every turn of the loop, after all that has come in was heard. Said once of each coordinator.
  std::optional<Gone> turn(Instant now);

 private:
  Link& link_;
  const Duration deadline_;
  const protocol::Beat own_place_;
  protocol::Membership members_;
  ProcessWatch processes_;
  std::optional<protocol::Stamp> introduced_;  // where the coordinator was told of this rank's place
  Instant heard_at_{};
  bool begun_ = false;
};

}  // namespace kiln::job
