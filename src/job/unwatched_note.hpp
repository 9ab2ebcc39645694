#pragma once

#include "job/environment.hpp"

#include <string>

namespace kiln::job {

/// Keeps in the run directory (unwatched.json), for the start of a job that these variables name, that a node of it
/// does not watch the first one, and why. "": all do. Makes the directory where there is none. Does nothing where that
/// cannot be written.
void note_unwatched(const std::string& directory, const Variables& variables, const std::string& why);

/// What was noted of this start of this job; "" where nothing was.
std::string read_unwatched(const std::string& directory, const std::string& job, std::int32_t restarts);

}  // namespace kiln::job
