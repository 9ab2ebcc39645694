#pragma once

#include <string>

namespace kiln::job {

/// Which program this is: a digest of the executable and of the kiln library it runs with. Reads both files. Throws
/// kiln::Error (internal) where they cannot be read.
std::string build_id();

/// What decides the bits of exp, log, sin and the like beside the program: the math library's version and those
/// processor features by which it chooses its code. For people and for comparing.
std::string machine_text();

}  // namespace kiln::job
