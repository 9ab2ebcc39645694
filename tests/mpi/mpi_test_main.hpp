#pragma once

#include "net/mpi_transport.hpp"

/// The process's transport. Tests run in the same order on all ranks; between two of them no message is under way.
kiln::net::MpiTransport& transport();
