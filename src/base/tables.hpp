#pragma once

#include <kiln/detail/rows.hpp>

#include <vector>

namespace kiln {

/// The rows of several tables as one blob: those of the first, then of each other one that has any its place (u32)
/// and its rows. So the rows of a single table are their own blob.
void encode_tables(const std::vector<Rows>& tables, ByteWriter& out);

/// As encode_tables wrote it, one Rows a table. Throws kiln::Error (internal) where the bytes do not fit the tables.
std::vector<Rows> decode_tables(ByteReader& in, const Tables& tables);

/// Empty rows of each table.
std::vector<Rows> make_tables(const Tables& tables);

std::size_t bytes_of(const std::vector<Rows>& tables);
bool all_empty(const std::vector<Rows>& tables);

}  // namespace kiln
