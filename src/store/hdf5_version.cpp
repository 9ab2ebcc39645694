#include "store/hdf5_version.hpp"

#include "store/h5_check.hpp"

#include <fmt/core.h>

namespace kiln::store {

std::string hdf5_version() {
  unsigned major = 0, minor = 0, release = 0;
  h5::check(H5get_libversion(&major, &minor, &release), "say its version");
  return fmt::format("{}.{}.{}", major, minor, release);
}

}  // namespace kiln::store
