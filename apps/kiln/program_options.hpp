#pragma once

#include "selection_options.hpp"

#include <string>

/// Options that one kind of run knows and the other does not.
namespace kiln::cli {

/// Throws kiln::Error (usage): `option` makes no sense in the run of a program, and what does.
[[noreturn]] void refuse_for_program(const std::string& directory, const std::string& option, const std::string& why);

/// Of options about output and times, which programs do not have.
void refuse_command_options(const std::string& directory, const SelectionOptions& options);

/// Of options about tables, values and stages, which commands do not have.
void refuse_program_options(const std::string& directory, const SelectionOptions& options);

}  // namespace kiln::cli
