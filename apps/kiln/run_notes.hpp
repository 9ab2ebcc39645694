#pragma once

#include "program_rows.hpp"
#include "store/run_reader.hpp"

#include <cstdint>
#include <string>

namespace kiln::cli {

/// To standard error: what is damaged, that a run has not ended and how much of it there is, that its results.h5 is
/// missing, cut or old, and what to do about each.
void note_state(const store::RunReader& run, const std::string& directory);

/// To standard error, unless it is 0: units of which values were taken from output that was cut.
void note_cut_outputs(std::uint64_t units);

/// That the rows of the value `--reduced NAME` are not the complete ones, where that is so.
void note_so_far(const ProgramRows& rows, const std::string& name);

}  // namespace kiln::cli
