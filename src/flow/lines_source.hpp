#pragma once

#include "flow/source_resolver.hpp"
#include "units/line_files.hpp"

#include <cstdint>
#include <vector>

namespace kiln::flow {

/// resolve_source() for lines and records: the files of all patterns in the order of the patterns, each file once,
/// where it is named first.
ResolvedSource resolve_lines(const detail::SourceSpec& source, const ResolveOptions& options);

/// What became of the recorded files: they keep their places, and with them their units; `now` as found. New files
/// follow where they are allowed. `gone`: places of those that are gone, where they may be, ascending. Throws
/// kiln::Error (bad_input) that names a file which is gone, has changed, or is new.
units::LineFiles continued(const units::LineFiles& recorded, std::vector<units::LineFile> now,
                           const ResolveOptions& options, std::vector<std::uint32_t>& gone);

/// expect_all_there() for lines and records; reads what was recorded of them.
void expect_lines_there(ByteReader& in);

}  // namespace kiln::flow
