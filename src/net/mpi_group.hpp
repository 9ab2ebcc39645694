#pragma once

#include <kiln/ids.hpp>

#include <mpi.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace kiln::net {

/// A communicator of some of MPI_COMM_WORLD's ranks that is being made. The calls that make one block until all members
/// have come, or for ever where one has died, so that a thread of its own makes it: needs MPI_THREAD_MULTIPLE. By
/// MPI_Comm_create_group, or by shrink where the MPI survives deaths. Inside net only.
class MpiGroup {
 public:
  /// Begins; returns at once, or, where the MPI survives deaths, when it is made or after 0.3 s. `members`: ascending,
  /// this rank among them. `number`: higher than in any before, the same on all members.
  MpiGroup(const std::vector<Rank>& members, std::uint64_t number);
  /// One that is still being made is left behind: its thread goes on, at the lowest priority, while the process lives;
  /// MPI is not to be finalised any more.
  ~MpiGroup();
  MpiGroup(MpiGroup&&) noexcept = default;
  MpiGroup& operator=(MpiGroup&&) = delete;

  /// Nothing: not yet. MPI_COMM_NULL: it cannot be made, or has other ranks in it. Else it has just these, in their
  /// order, and errors of it are returned.
  std::optional<MPI_Comm> poll() const;

 private:
  struct Making;
  std::vector<Rank> members_;
  std::shared_ptr<Making> making_;  // null: it cannot even be begun
};

}  // namespace kiln::net
