#pragma once

#include "command_line.hpp"

namespace kiln::cli {

/// Prints it to standard output, broken to the width of a narrow terminal.
int show_text(const ShowText& text);

}  // namespace kiln::cli
