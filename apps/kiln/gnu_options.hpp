#pragma once

#include "args/option_scan.hpp"

#include <vector>

namespace kiln::cli {

using args::OptionShape;

/// Options of GNU Parallel's that `kiln run` has not, each with what is kiln's way: whoever types one by habit is told.
const std::vector<OptionShape>& gnu_options();

}  // namespace kiln::cli
