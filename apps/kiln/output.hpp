#pragma once

#include <string_view>

namespace kiln::cli {

/// Writes to standard output. Throws kiln::Error (internal) with the reason when it cannot be written (a full disk).
void print(std::string_view text);

}  // namespace kiln::cli
