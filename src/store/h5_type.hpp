#pragma once

#include "store/h5.hpp"

#include <kiln/schema.hpp>

namespace kiln::store {

/// The type of a dataset that holds such a column; of texts: variable-length strings.
h5::Type h5_type_of(ColumnType type);

}  // namespace kiln::store
