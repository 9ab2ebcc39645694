#pragma once

#include "job/waiter.hpp"
#include "net/transport.hpp"

#include <exception>

namespace kiln::job {

/// What a process ends with that ends by this exception.
int exit_code_of(const std::exception& fault);

/// Logs an exception that ends this rank and returns its exit code: what leaves a rank unsaid would leave the others
/// waiting in MPI_Finalize.
int tell_fault(const std::exception& fault);

/// Before anything has begun: the others wait for their setup.
void send_home(net::Transport& transport, Waiter& waiter, int exit_code);

}  // namespace kiln::job
