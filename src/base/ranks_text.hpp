#pragma once

#include <kiln/ids.hpp>

#include <string>
#include <vector>

namespace kiln {

/// "rank 1", "ranks 1 and 2", "ranks 1, 2 and 3"; of none "".
std::string ranks_text(const std::vector<Rank>& ranks);

}  // namespace kiln
