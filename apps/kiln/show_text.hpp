#pragma once

#include "command_line.hpp"

#include <string>

namespace kiln::cli {

/// Prints it to standard output, broken to the width of a narrow terminal.
int show_text(const ShowText& text);

/// Prints lines for people to standard output, broken to the width of a terminal.
void print_folded(const std::string& text);

}  // namespace kiln::cli
