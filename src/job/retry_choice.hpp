#pragma once

#include "schedule/interval_set.hpp"

#include <filesystem>
#include <string>

/// Which dead letters `kiln retry --where` means.
namespace kiln::job {

/// Throws kiln::Error (run_directory) where there is no run, (usage) where the condition does not fit it. Changes
/// nothing.
void check_retry(const std::filesystem::path& directory, const std::string& where);

/// Dead letters of the present source that the condition ("": all) holds for. To be called by who writes the run.
schedule::IntervalSet choose_retries(const std::filesystem::path& directory, const std::string& where);

}  // namespace kiln::job
