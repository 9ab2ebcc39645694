#pragma once

/// The one place that looks at what MPI calls return; inside net only.
namespace kiln::net {

/// Throws kiln::Error (internal) unless `code` is MPI_SUCCESS.
void check_mpi(int code, const char* call);

}  // namespace kiln::net
