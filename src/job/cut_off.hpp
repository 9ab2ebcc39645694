#pragma once

#include "observe/status.hpp"

#include <kiln/ids.hpp>

#include <optional>
#include <string>
#include <vector>

/// A unit that was cut off at the end of a launch after it had run for most of the launch's time: begun anew in another
/// one of the same length it would be cut off again.
namespace kiln::job {

struct CutOff {
  UnitId unit;
  double seconds = 0;  ///< that it had run, at least
  friend bool operator==(const CutOff&, const CutOff&) = default;
};

/// Among those that ran when somebody last looked, longest first, the first one that took half of the launch's time and
/// has no result.
std::optional<CutOff> find_cut_off(const std::string& directory, const std::vector<observe::SlowUnit>& running,
                                   double launch_seconds);

/// Of the last launch in this run directory: as outcome.json has it, or, where the launch was ended by force, as
/// status.json has what ran. Nothing where none was, or where that cannot be read.
std::optional<CutOff> read_cut_off(const std::string& directory);

/// "unit 0 was cut off after 47.0 s, most of the time that the job had for commands: give a longer --time"
std::string cut_off_text(const CutOff& cut_off);

}  // namespace kiln::job
