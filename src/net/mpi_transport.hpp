#pragma once

#include "net/transport.hpp"

#include <cstddef>
#include <memory>

namespace kiln::net {

/// Transport over MPI_COMM_WORLD. One per process: initialises MPI (MPI_THREAD_MULTIPLE) and finalises it.
/// Constructor and destructor are collective, the latter unless leave_unfinalised(); every other call is local. Throws
/// kiln::Error (internal) on an MPI error.
class MpiTransport final : public Transport {
 public:
  static constexpr std::size_t kPieceBytes = std::size_t{1} << 30;

  /// Messages of `piece_bytes` or more travel in pieces of that size, the last one smaller: MPI counts in ints. All
  /// ranks must say the same.
  MpiTransport(int& argc, char**& argv, std::size_t piece_bytes = kPieceBytes);
  ~MpiTransport() override;
  MpiTransport(const MpiTransport&) = delete;
  MpiTransport& operator=(const MpiTransport&) = delete;

  Rank rank() const override;
  std::int32_t size() const override;
  void send(Rank to, Bytes message) override;
  Bytes spare(std::size_t size) override;
  void reuse(Bytes&& bytes) override;
  std::optional<Received> receive() override;
  std::size_t unsent() override;
  bool under_way() const override;
  void forget(Rank rank) override;
  const std::vector<Rank>& lost() const override;
  std::size_t buried() const override;

  /// Some rank was forgotten, be it taken in again or not.
  bool forgot_any() const { return forgot_any_; }
  /// MPI is not to be finalised, as that may wait for ranks that are gone: the process ends by _exit, and the
  /// destructor leaves everything as it is.
  void leave_unfinalised() { finalise_ = false; }
  /// Ends all ranks of the job at once; does not return.
  [[noreturn]] void abort(int exit_code);

 private:
  void take_in(Rank rank);

  struct State;
  std::unique_ptr<State> state_;
  bool finalise_ = true;
  bool forgot_any_ = false;
};

}  // namespace kiln::net
