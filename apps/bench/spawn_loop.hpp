#pragma once

#include <string>

namespace kiln::bench {

/// The reference: posix_spawns `program` `times` times, `width` at a time, reads its standard output and error through
/// pipes to their ends and waits for it. Returns programs a second. Throws kiln::Error where the system refuses.
double spawn_loop(const std::string& program, int times, int width);

}  // namespace kiln::bench
