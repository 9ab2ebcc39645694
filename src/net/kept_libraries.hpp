#pragma once

namespace kiln::net {

/// Keeps every library that is loaded now until the process ends, whoever unloads it. Open MPI 4.1 unloads its
/// components at the end of MPI, and a notice of its launcher that comes in that moment is then given to code that is
/// no longer there: a segmentation fault of a run that was over (https://github.com/open-mpi/ompi/issues/10117).
/// What cannot be kept is left as it was.
void keep_libraries() noexcept;

}  // namespace kiln::net
