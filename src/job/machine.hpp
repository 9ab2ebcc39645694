#pragma once

#include <string>

namespace kiln::job {

/// Which program this is: a digest of the executable and of the kiln library it runs with. Reads both files. Throws
/// kiln::Error (internal) where they cannot be read.
std::string build_id();

/// The part of build_id() that stands for the executable, of the file at `path`, and what a whole id has of it. Throws
/// as build_id.
std::string executable_id(const std::string& path);
std::string executable_part(const std::string& build);

/// What decides the bits of exp, log, sin and the like beside the program: the math library's version and those
/// processor features by which it chooses its code. For people and for comparing.
std::string machine_text();

}  // namespace kiln::job
