#pragma once

#include <kiln/detail/rows.hpp>
#include "store/entry.hpp"

#include <vector>

namespace kiln::store {

/// The rows of all blobs (kiln::Rows, encoded) as one, sorted by unit; rows of one unit stay in the blobs' order.
/// Throws kiln::Error (internal) where a blob does not fit the schema.
Rows join_rows(const std::vector<Bytes>& blobs, const Schema& schema);

/// The same of the blobs of several tables (base/tables.hpp): one Rows a table.
std::vector<Rows> join_tables(const std::vector<Bytes>& blobs, const Tables& tables);

/// Puts the rows of each table (one a table) where a commit has them.
void put_tables(std::vector<Rows> rows, const Tables& tables, CommitEntry& commit);

}  // namespace kiln::store
