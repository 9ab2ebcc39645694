#pragma once

#include <kiln/ids.hpp>

#include <optional>
#include <string>

/// Units that took longer than a job has: they would be cut off at its end, again and again.
namespace kiln::job {

struct LongUnit {
  UnitId unit;
  double seconds = 0;
};

/// Of the units that a run of commands has results of, the one that took longest, where that is more than `seconds`.
/// Nothing where none did, where the run is complete (but for a job that may have other units: `also_complete`), and
/// where the directory is no such run or cannot be read. Looks
/// at the rows of few units, whatever the run holds.
std::optional<LongUnit> find_long_unit(const std::string& directory, double seconds, bool also_complete = false);

/// What to say of it: `seconds` are what a job has for commands.
std::string long_unit_warning(const LongUnit& found, double seconds);

}  // namespace kiln::job
