#pragma once

#include <kiln/kiln.hpp>
#include <string>

namespace clickstream {

/// Collective. Compares the tables that a report left as CSV (--export csv) in its run directory with the truth of the
/// folder, row by row, the rejected lines too, and says what differs; rows that only one side has are in the tables
/// TABLE_differs, with +1 or -1. Returns 0 or 1; throws kiln::Error (bad input) where a table is not there.
int check(kiln::Session& session, const std::string& run, const std::string& folder);

}  // namespace clickstream
