#pragma once

#include "net/collectives.hpp"

#include <memory>

namespace kiln::net {

/// Collectives over a communicator of its own, with all ranks of MPI_COMM_WORLD; it is made, without blocking, when the
/// first of them begins. MPI must be initialised, and is finalised after this is gone. Constructor and destructor are
/// local. Throws kiln::Error (internal) on an MPI error.
class MpiCollectives final : public Collectives {
 public:
  MpiCollectives();
  ~MpiCollectives() override;
  MpiCollectives(const MpiCollectives&) = delete;
  MpiCollectives& operator=(const MpiCollectives&) = delete;

  std::int32_t size() const override;
  void begin_barrier() override;
  void begin_gather(Bytes mine) override;
  void begin_sum(std::uint64_t length, Give give, Take take) override;
  void begin_spread(std::uint64_t length, Give give, Take take) override;
  void begin_broadcast(Bytes value) override;
  bool poll() override;
  std::vector<Bytes> gathered() override;
  Bytes received() override;
  void abandon() override;

 private:
  struct State;
  State& state();

  std::unique_ptr<State> state_;  // null once abandoned
  std::int32_t size_;
};

}  // namespace kiln::net
