#pragma once

#include <kiln/detail/rows.hpp>

#include <functional>
#include <string_view>

namespace kiln::job {

/// A command's outputs as its row has them. The views live as long as the rows.
struct RowOutputs {
  UnitId unit;
  std::string_view out, err;
  bool out_cut = false, err_cut = false;
};

/// Calls back for each of the encoded rows. Throws kiln::Error (internal) where the bytes do not fit the schema, or it
/// has no output columns.
void for_each_output(ByteView rows, const Schema& schema, const std::function<void(const RowOutputs&)>& visit);

/// The encoded rows once more, with outputs that are empty and not cut.
Bytes without_outputs(ByteView rows, const Schema& schema);

}  // namespace kiln::job
