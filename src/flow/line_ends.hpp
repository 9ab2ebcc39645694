#pragma once

#include <cstdint>
#include <string_view>

namespace kiln::flow {

/// How many '\n' the text has: as fast as memory is.
std::uint64_t count_line_ends(std::string_view text);

}  // namespace kiln::flow
