#pragma once

#include "observe/status.hpp"
#include "store/run_reader.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace kiln::cli {

/// A table of a program's stages for people: a heading and a line each, with newlines; "" where there is none. Of more
/// than `most` the first and the last ones. `live`: somebody runs the one that is not over.
std::string stage_lines(const std::vector<store::RunReader::StageInfo>& stages, std::size_t most, bool live);

/// The same of a task file.
std::string task_stage_lines(const std::vector<observe::TaskStageStatus>& stages, std::size_t most, bool live);

/// A JSON list of them.
std::string stages_json(const std::vector<store::RunReader::StageInfo>& stages);

}  // namespace kiln::cli
