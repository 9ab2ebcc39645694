#pragma once

#include <kiln/detail/interval.hpp>
#include "base/time.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>

namespace kiln::protocol {

/// Units that a worker has in hand, and that were given to another one as well because they take so long.
struct Copy {
  BatchId id;
  Interval units;
  std::uint32_t attempt = 1;
  Rank from;  ///< has them in hand; of its batch `of`, they are all that is left
  BatchId of;
  Rank to;
  Instant begun;
  bool done = false;  ///< it waits there, and `from` was asked to give the units up
};

/// What the coordinator knows of copies.
struct Copies {
  std::map<UnitId, Copy> out;  ///< by their first unit; no two have the same one
  std::set<UnitId> spoiled;    ///< first units of copies that failed, or whose rank died, and of what failed beside its
                               ///< copy: not copied again
  std::uint64_t started = 0, won = 0;

  bool again = false;           ///< something has happened since the last look for late workers
  Instant looked{};             ///< the last one
  std::optional<Instant> look;  ///< the next one, where nothing happens: then somebody is late

  /// The copy that has units of these; end where there is none.
  std::map<UnitId, Copy>::iterator find(Interval units) {
    auto next = out.lower_bound(units.last);
    if (next == out.begin()) return out.end();
    --next;
    return next->second.units.last > units.first ? next : out.end();
  }
};

}  // namespace kiln::protocol
