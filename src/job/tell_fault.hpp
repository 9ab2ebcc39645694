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

/// Rank 0, first of all: the others see when its process ends, also while it reads its journal. Before its reign, which
/// begins with CoordinatorLoop.
void say_where(net::Transport& transport);

}  // namespace kiln::job
