#pragma once

#include "bench.hpp"

#include <string>

namespace kiln::bench {

/// The lines as a table for people: value, reference, ratio, target, met or not met.
std::string format_table(const Lines& lines);

}  // namespace kiln::bench
