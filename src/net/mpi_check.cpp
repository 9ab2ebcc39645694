#include "net/mpi_check.hpp"

#include <fmt/core.h>
#include <mpi.h>

#include <array>
#include <kiln/error.hpp>

namespace kiln::net {

void check_mpi(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  throw Error(ExitCode::internal, fmt::format("{} failed: {}", call, text.data()));
}

}  // namespace kiln::net
