#pragma once

#include <kiln/detail/interval.hpp>
#include <kiln/ids.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace kiln::protocol {

/// What is known of the end of a rank's process.
struct ProcessEnd {
  bool itself = false;  ///< its own code has ended it: a signal that it raised, exit()
  Interval running{};   ///< then: what it ran, one unit after the other; empty: not known
};

/// A unit that ranks may have died of. Each death of a rank that ran nothing else speaks against it: one whose own code
/// has ended it as much as two that somebody else may have ended (killed from outside or for want of memory, its node
/// lost).
struct Suspect {
  struct Death {
    Rank rank;
    bool itself = false;
  };

  std::uint32_t attempt = 1;
  bool waits = false;  ///< for how its last rank ended: it is not handed out
  std::vector<Death> died;

  /// Two ranks that ended themselves, four that others may have ended, or one and two of these.
  bool to_blame() const;
  bool tried_on(Rank rank) const;
  /// "the process of rank 1 died while it ran nothing but this unit"; of all ranks that died, each once.
  /// Of one that its own code has not ended nobody knows whether it is dead: "died or fell silent".
  std::string reason() const;
};

}  // namespace kiln::protocol
