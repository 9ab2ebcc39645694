#pragma once

#include "net/transport.hpp"

#include <memory>

namespace kiln::net {

/// Transport over MPI_COMM_WORLD. One per process: initialises MPI (MPI_THREAD_MULTIPLE) and finalises it.
/// Constructor and destructor are collective; every other call is local. Throws kiln::Error (internal) on an MPI error.
class MpiTransport final : public Transport {
 public:
  MpiTransport(int& argc, char**& argv);
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

  /// Ends all ranks of the job at once; does not return.
  [[noreturn]] void abort(int exit_code);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kiln::net
