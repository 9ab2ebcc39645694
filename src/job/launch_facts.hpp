#pragma once

#include "job/environment.hpp"
#include "job/run_observer.hpp"
#include "job/run_options.hpp"
#include "store/run_store.hpp"

#include <string>
#include <vector>

namespace kiln::job {

/// The ranks that run units: all but the coordinator's, and that one too where it is alone or options ask for it.
std::vector<Rank> working_ranks(const RunOptions& options, std::int32_t ranks);

/// What an observer is told of any launch; what it calls is left empty. `started`: Unix seconds UTC.
RunObserver::Facts launch_facts(const RunOptions& options, const Environment& environment, const store::RunStore& store,
                                const std::string& launch_id, double started);

}  // namespace kiln::job
