#pragma once

#include "args/help_page.hpp"
#include "help/commands.hpp"

#include <span>
#include <string>
#include <vector>

namespace kiln::cli {

using args::HelpPage;
using args::OptionText;

/// A bash script that completes kiln's words; needs nothing but bash. `topics`: what `kiln help` takes besides
/// commands.
std::string bash_completion(std::span<const CommandInfo> commands, const std::vector<HelpPage>& pages,
                            const std::vector<std::string>& topics);

}  // namespace kiln::cli
