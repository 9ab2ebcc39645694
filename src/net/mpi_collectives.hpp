#pragma once

#include "net/collectives.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace kiln::net {

/// Collectives over MPI_COMM_WORLD, or over the communicator of the last group, which a thread makes (MpiGroup). MPI
/// must be initialised (with MPI_THREAD_MULTIPLE where groups are made) and return errors, and is finalised after this
/// is gone, or never where a group was begun. Constructor and destructor are local. Throws kiln::Error (internal) on an
/// MPI error.
class MpiCollectives final : public Collectives {
 public:
  MpiCollectives();
  ~MpiCollectives() override;
  MpiCollectives(const MpiCollectives&) = delete;
  MpiCollectives& operator=(const MpiCollectives&) = delete;

  bool begins_with_all() const override;
  const std::vector<Rank>& members() const override { return members_; }
  void begin_barrier() override;
  void begin_gather(Bytes mine) override;
  void begin_sum(std::uint64_t length, Give give, Take take) override;
  void begin_spread(std::uint64_t length, Give give, Take take) override;
  void begin_broadcast(Bytes value) override;
  bool poll() override;
  std::vector<Bytes> gathered() override;
  Bytes received() override;
  void abandon() override;
  std::size_t buried() const override { return buried_; }
  void begin_group(const std::vector<Rank>& members, Rank root, std::uint64_t number) override;
  std::optional<bool> group_made() override;

 private:
  struct State;
  State& state();

  std::unique_ptr<State> state_;  // null once abandoned
  std::vector<Rank> members_;
  struct Making;
  std::unique_ptr<Making> making_;  // a group
  bool made_ = false;               // the last one
  std::size_t buried_ = 0;
};

}  // namespace kiln::net
