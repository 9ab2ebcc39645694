#include "args/version_text.hpp"

#include "net/versions.hpp"
#include "store/hdf5_version.hpp"

#include <fmt/core.h>
#include <kiln/version.hpp>

namespace kiln::args {
namespace {

#ifdef __clang__
constexpr const char* kCompiler = __VERSION__;
#else
constexpr const char* kCompiler = "GCC " __VERSION__;
#endif

}  // namespace

std::string version_text() {
  return fmt::format("kiln {}\nMPI       {}\nHDF5      {}\nBoost     {}\ncompiler  {}\n", KILN_VERSION,
                     net::mpi_library_version(), store::hdf5_version(), net::boost_version(), kCompiler);
}

}  // namespace kiln::args
