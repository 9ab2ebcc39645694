#pragma once

#include "observe/status.hpp"
#include "store/entry.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// How a run's status is shown: pure formatting.
namespace kiln::cli {

struct StatusReport {
  std::string directory;                            ///< as the user wrote it
  bool live = false;                                ///< somebody runs it now
  std::string owner;                                ///< "pid 4711 on node7"; "" where unknown
  double now = 0;                                   ///< Unix seconds UTC
  std::optional<observe::StatusSnapshot> snapshot;  ///< of a live run, when it has written one
  observe::UnitTotals totals;                       ///< of the snapshot, or of the journal
  std::uint64_t launches = 0;                       ///< 0: not counted (a live run)
  std::optional<store::EndEntry> last_end;          ///< of the last launch; nothing when it was cut off
  std::vector<std::string> damage;
};

/// Lines for people, with a hint what to do next.
std::string status_text(const StatusReport& report);

/// One JSON object and a newline.
std::string status_json(const StatusReport& report);

}  // namespace kiln::cli
