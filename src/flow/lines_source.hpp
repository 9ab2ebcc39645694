#pragma once

#include "flow/source_resolver.hpp"
#include "units/line_files.hpp"

namespace kiln::flow {

/// resolve_source() for lines and records: the files of all patterns in the order of the patterns, each file once,
/// where it is named first.
ResolvedSource resolve_lines(const detail::SourceSpec& source, const ResolveOptions& options);

/// What became of the recorded files: they keep their places, and with them their units; `now` as found. New files
/// follow where they are allowed. Throws kiln::Error (bad_input) that names a file which is gone, has changed, or is
/// new.
units::LineFiles continued(const units::LineFiles& recorded, std::vector<units::LineFile> now, bool only_new);

}  // namespace kiln::flow
