#pragma once

#include <kiln/detail/bytes.hpp>
#include <kiln/detail/stage.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::detail {

/// The canonical description of a plan whose other members are set; `steps` are the names of its steps. Throws
/// kiln::Error (usage) where it has no sink, or the name of a sink is not fit for a file or is there twice.
std::string describe_plan(const StagePlan& plan, const std::vector<std::string_view>& steps);

SourceSpec range_spec(std::uint64_t units);
SourceSpec grid_spec(std::uint64_t units, std::string description);
/// `encoded`: all items; their digest becomes part of the description.
SourceSpec items_spec(std::uint64_t units, ByteView encoded);
/// Throws kiln::Error (usage) for no patterns or a split of 0.
SourceSpec lines_spec(std::vector<std::string> patterns, std::uint64_t split);
/// The same files, not cut into lines; `words`: cut at any white space.
SourceSpec text_spec(std::vector<std::string> patterns, std::uint64_t split, bool words = false);
/// Records of `size` bytes. Throws kiln::Error (usage) for a size of 0.
SourceSpec fixed_records_spec(std::vector<std::string> patterns, std::uint64_t size, std::uint64_t split);
/// What the stage before gives by key; `step`: how it was made. 0 shards: as many as hold anything.
SourceSpec shards_spec(std::string_view step, std::uint64_t shards);
/// Units of the first, then of the second, and so on.
SourceSpec merged_spec(std::vector<SourceSpec> parts);
/// Throws kiln::Error (usage) for rows_per_unit 0.
SourceSpec hdf5_spec(std::string file, std::string dataset, ColumnType element, std::uint64_t rows_per_unit, bool keep);

}  // namespace kiln::detail
