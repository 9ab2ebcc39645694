#pragma once

#include "command_line.hpp"
#include "store/run_reader.hpp"

#include <cstdint>
#include <optional>

/// One unit of a program's run: of each stage that has one of that number.
namespace kiln::cli {

/// Throws kiln::Error (bad_input) where no stage has the unit, or it has not ended in any; `stage`: in this one.
void need_unit(const store::RunReader& run, std::uint64_t unit, std::optional<std::uint64_t> stage);

/// How it ended, and its rows in every table. JSON: one object a stage.
void print_unit(store::RunReader& run, std::uint64_t unit, const ResultsCommand& command);

}  // namespace kiln::cli
