#pragma once

#include "store/entry.hpp"
#include "store/h5.hpp"

/// Inside of entry_codec: what only programs write. Layout: docs/journal-format.md.
namespace kiln::store {

void write_plan(const h5::Handle& group, const PlanEntry& body);
PlanEntry read_plan(const h5::Handle& group, std::uint64_t limit);
void write_stage_end(const h5::Handle& group, const StageEndEntry& body);
StageEndEntry read_stage_end(const h5::Handle& group, std::uint64_t limit);
void write_root(const h5::Handle& group, const RootEntry& body);
RootEntry read_root(const h5::Handle& group, std::uint64_t limit);

/// The parts of a commit that only programs have; nothing where they are empty.
void write_program_parts(const h5::Handle& group, const CommitEntry& body, bool packed);
/// Segments always; rows of further tables and partial results with `rows`.
void read_program_parts(const h5::Handle& group, bool rows, std::uint64_t limit, CommitEntry& body);

/// The name of the group, below a commit's, that holds the rows of a table: "rows" of which is written by rows_codec.
std::string table_group(std::size_t table);

/// A file's name below segments/ or merged/: no folder in it. Throws kiln::Error (internal).
void expect_file_name(const std::string& name);

}  // namespace kiln::store
