#pragma once

#include <kiln/ids.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace kiln::protocol {

/// A unit that ranks may have died of. Each death of a rank that had nothing else in hand speaks against it: one whose
/// own code has ended it (a signal that it raised, exit()) as much as two that somebody else may have ended (killed
/// from outside or for want of memory, its node lost).
struct Suspect {
  enum class EndedBy : std::uint8_t { unknown, others, itself };
  struct Death {
    Rank rank;
    EndedBy by = EndedBy::unknown;
  };

  std::uint32_t attempt = 1;
  std::vector<Death> died;

  /// Until then it is not handed out.
  bool all_known() const;
  /// Two ranks that ended themselves, four that others may have ended, or one and two of these.
  bool to_blame() const;
  bool tried_on(Rank rank) const;
  /// "the process of rank 1 died while it ran nothing but this unit"; of all ranks that died, each once.
  std::string reason() const;
};

}  // namespace kiln::protocol
