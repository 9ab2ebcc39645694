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

bool knows_deaths() { return true; }

#else

bool knows_deaths() { return false; }

bool is_death(int /*code*/) { return false; }

std::vector<Rank> acknowledge_deaths() { return {}; }

#endif

bool is_death_in_collective(int code) {
  return is_death(code) || (code != MPI_SUCCESS && !acknowledge_deaths().empty());
}

}  // namespace kiln::net
