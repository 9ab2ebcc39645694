#pragma once

#include "units/task_file.hpp"

#include <string>
#include <vector>

namespace kiln::job {

/// A line for each stage of a task file: its commands, and what it waits for. Empty where the file has no stages.
std::vector<std::string> stage_plan(const units::TaskFile& tasks);

/// The line that begins the stage in a task file; "" for commands that stand before all stages.
std::string stage_directive(const units::TaskFile& tasks, std::size_t stage);

}  // namespace kiln::job
