#pragma once

#include "store/h5.hpp"

#include <hdf5.h>

#include <string>
#include <string_view>

/// Inside of h5*.cpp: the one wrapper for HDF5's return codes.
namespace kiln::store::h5 {

static_assert(std::is_same_v<Id, hid_t> || sizeof(Id) == sizeof(hid_t));

/// Throws kiln::Error (internal) with HDF5's reasons for the failure of the last call: "HDF5 cannot WHAT 'NAME': …".
[[noreturn]] void fail(std::string_view what, std::string_view name);

/// Passes a good code through. The lock must be held since before the call was made.
template <class Code>
Code check(Code code, std::string_view what, std::string_view name = {}) {
  if (code < 0) fail(what, name);
  return code;
}

/// HDF5's type for values in memory and on disk; for Type::text a variable-length UTF-8 string.
Handle make_type(Type type);

}  // namespace kiln::store::h5
