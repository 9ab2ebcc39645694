#pragma once

#include <kiln/ids.hpp>

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

/// Whether this MPI knows of deaths.
bool knows_deaths();

}  // namespace kiln::net
