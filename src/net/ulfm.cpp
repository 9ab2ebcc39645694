#include "net/ulfm.hpp"

#include <mpi.h>
#if __has_include(<mpi-ext.h>)
#include <mpi-ext.h>
#endif

#include <cstddef>
#include <numeric>

namespace kiln::net {

#if defined(OMPI_HAVE_MPI_EXT_FTMPI) && OMPI_HAVE_MPI_EXT_FTMPI

bool is_death(int code) {
  if (code == MPI_SUCCESS) return false;
  int kind = MPI_SUCCESS;
  MPI_Error_class(code, &kind);
  return kind == MPIX_ERR_PROC_FAILED || kind == MPIX_ERR_PROC_FAILED_PENDING || kind == MPIX_ERR_REVOKED;
}

std::vector<Rank> acknowledge_deaths() {
  MPI_Group world = MPI_GROUP_NULL, dead = MPI_GROUP_NULL;
  std::vector<Rank> ranks;
  const bool known = MPIX_Comm_failure_ack(MPI_COMM_WORLD) == MPI_SUCCESS &&
                     MPIX_Comm_failure_get_acked(MPI_COMM_WORLD, &dead) == MPI_SUCCESS;
  if (!known) return ranks;
  int size = 0;
  MPI_Group_size(dead, &size);
  if (size > 0 && MPI_Comm_group(MPI_COMM_WORLD, &world) == MPI_SUCCESS) {
    std::vector<int> places(static_cast<std::size_t>(size)), in_world(places.size());
    std::iota(places.begin(), places.end(), 0);
    MPI_Group_translate_ranks(dead, size, places.data(), world, in_world.data());
    for (const int rank : in_world) ranks.emplace_back(rank);
    MPI_Group_free(&world);
  }
  MPI_Group_free(&dead);
  return ranks;
}

bool shrinks() {
  void* value = nullptr;
  int known = 0;
  MPI_Comm_get_attr(MPI_COMM_WORLD, MPI_FT, static_cast<void*>(&value), &known);
  return known != 0 && *static_cast<int*>(value) != 0;
}

MPI_Comm shrink() {
  MPI_Comm living = MPI_COMM_NULL;
  return MPIX_Comm_shrink(MPI_COMM_WORLD, &living) == MPI_SUCCESS ? living : MPI_COMM_NULL;
}

void revoke(MPI_Comm communicator) { MPIX_Comm_revoke(communicator); }

#else

bool shrinks() { return false; }

MPI_Comm shrink() { return MPI_COMM_NULL; }

void revoke(MPI_Comm /*communicator*/) {}

bool is_death(int /*code*/) { return false; }

std::vector<Rank> acknowledge_deaths() { return {}; }

#endif

bool is_death_in_collective(int code) {
  return is_death(code) || (code != MPI_SUCCESS && !acknowledge_deaths().empty());
}

}  // namespace kiln::net
