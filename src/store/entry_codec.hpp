#pragma once

#include <kiln/detail/rows.hpp>
#include "store/entry.hpp"
#include "store/entry_header.hpp"
#include "store/h5.hpp"

/// The body of an entry as groups and datasets of an HDF5 file. Layout: docs/journal-format.md.
namespace kiln::store {

EntryType type_of(const EntryBody& body);
/// What a reader must know: 2 for what only programs write, 3 for given, 1 for all else.
std::uint32_t format_of(const EntryBody& body);

void write_body(const h5::Handle& group, const EntryBody& body, const Schema& schema);
/// A commit as a segment holds it: long columns are packed (rows_codec.hpp).
void write_segment_body(const h5::Handle& group, const CommitEntry& body, const Schema& schema);
/// `limit`: bytes of the file; no size beyond it is believed. Throws kiln::Error (internal).
EntryBody read_body(const h5::Handle& group, EntryType type, bool rows, std::uint64_t limit);

}  // namespace kiln::store
