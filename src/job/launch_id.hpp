#pragma once

#include <string>

namespace kiln::job {

/// A name that no other launch has: time, host, process and 64 random bits, of characters fit for file names.
std::string make_launch_id();

}  // namespace kiln::job
