#pragma once

#include <string>

namespace kiln::store {

/// "1.10.8": of the library in use. Throws kiln::Error (internal) where it does not say.
std::string hdf5_version();

}  // namespace kiln::store
