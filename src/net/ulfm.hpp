#pragma once

#include <kiln/ids.hpp>

#include <mpi.h>

#include <vector>

/// What an MPI that survives deaths says of them: Open MPI 5 under `mpirun --with-ft ulfm`. Others say nothing. Inside
/// net only. All calls are local.
namespace kiln::net {

/// The code says that a rank is dead, and nothing of a fault here. What it is of will not happen.
bool is_death(int code);

/// The same of a collective, in which the error of a death may also be told as another one.
bool is_death_in_collective(int code);

/// The ranks of MPI_COMM_WORLD that MPI knows to be dead, each in one answer or more. From now on it takes messages
/// from anybody again, which it refuses after each death.
std::vector<Rank> acknowledge_deaths();

/// Whether this MPI survives deaths, and so was started: then it makes a communicator of the living by itself (shrink).
/// The other way, MPI_Comm_create_group, fails in it once a rank is dead.
bool shrinks();

/// A communicator of all ranks of MPI_COMM_WORLD that live, in their order; MPI_COMM_NULL where there is none. Blocks
/// until each of them has called it, also those that are stopped. Any thread.
MPI_Comm shrink();

/// What the living have under way on this communicator ends there. Local.
void revoke(MPI_Comm communicator);

}  // namespace kiln::net
