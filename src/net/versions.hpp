#pragma once

#include <string>

/// What the libraries say of themselves. Needs no MPI_Init.
namespace kiln::net {

/// "Open MPI v4.1.4": the first line, up to its first comma, of what the library in use calls itself.
std::string mpi_library_version();

/// "1.74.0": of the headers that kiln was built with.
std::string boost_version();

}  // namespace kiln::net
