#pragma once

#include "status_text.hpp"
#include "store/liveness.hpp"

#include <string>

namespace kiln::cli {

/// How the run in this directory stands: from its live status while it runs, else from its journal. Changes nothing.
/// Throws kiln::Error (run_directory) where the directory is no run. May take up to two owner deadlines of `clock`
/// when the owner is on another host and its status is old.
StatusReport read_report(const std::string& directory, const store::LivenessClock& clock);

}  // namespace kiln::cli
