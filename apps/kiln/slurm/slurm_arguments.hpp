#pragma once

#include "command_line.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace kiln::cli {

/// `kiln slurm …`, from the word behind slurm on. Throws kiln::Error (usage).
Command parse_slurm(const std::vector<std::string>& words);

/// The second words that there are: "run", "again", "script".
std::vector<std::string> slurm_words();

/// The least number of nodes of "4" and "2-8"; 0 for forms that Slurm alone knows ("2k"). Throws kiln::Error (usage)
/// that points at the character.
std::uint64_t parse_nodes(const std::string& text);

}  // namespace kiln::cli
