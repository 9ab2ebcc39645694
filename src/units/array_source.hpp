#pragma once

#include "units/task_file.hpp"

#include <string>
#include <string_view>

/// A job array as a source: `#kiln array 1`, a newline, then two texts that each end with a NUL: the range of indices
/// as it was typed, and the command that all units run.
namespace kiln::units {

inline constexpr std::string_view kArrayHead = "#kiln array ";

/// Neither text holds a NUL.
Bytes make_array_source(std::string_view range, std::string_view command);

/// What its TaskFile has as origin, from the beginning of the source; "" where that is cut off.
std::string array_origin(std::string_view beginning);

/// Throws kiln::Error (bad_input) for another version, for one that is cut off, for a range that is none and for a
/// command that is too long.
TaskFile parse_array_source(Bytes bytes, std::string name);

}  // namespace kiln::units
