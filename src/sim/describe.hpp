#pragma once

#include "protocol/messages.hpp"

#include <string>

namespace kiln::sim {

/// One line for a trace.
std::string describe(const protocol::Message& message);

}  // namespace kiln::sim
