#pragma once

#include <string>

namespace kiln::args {

/// kiln's version and those of the libraries it runs with, a line each.
std::string version_text();

}  // namespace kiln::args
