#pragma once

#include "args/help_page.hpp"
#include "help/commands.hpp"
#include "help/topics.hpp"

#include <span>
#include <string>
#include <vector>

namespace kiln::cli {

using args::HelpPage;
using args::OptionText;

/// kiln.1 in the man macros: every command with its options, every topic.
std::string man_page(std::span<const CommandInfo> commands, const std::vector<HelpPage>& pages,
                     const std::vector<Topic>& topics);

/// docs/options.md: every option of every command, as a table each.
std::string options_markdown(const std::vector<HelpPage>& pages);

}  // namespace kiln::cli
