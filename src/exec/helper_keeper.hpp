#pragma once

#include "base/time.hpp"
#include "exec/spawn_wire.hpp"

namespace kiln::exec {

/// Makes this process the keeper of a rank's helper, in a session of its own: begins another helper where one was
/// killed, which any command can do, and tells the rank that the command has failed; wakes one that was stopped while
/// its rank goes on. `socket` is a stream socket to the rank, for keeper and helper. Never returns: it ends with its
/// rank, and with a helper that ends by itself.
[[noreturn]] void keep_helper(int socket, HelperPage& page, Duration silence);

}  // namespace kiln::exec
