#pragma once

#include <kiln/detail/rows.hpp>

#include <vector>

namespace kiln::store {

/// The rows of all blobs (kiln::Rows, encoded) as one, sorted by unit; rows of one unit stay in the blobs' order.
/// Throws kiln::Error (internal) where a blob does not fit the schema.
Rows join_rows(const std::vector<Bytes>& blobs, const Schema& schema);

}  // namespace kiln::store
