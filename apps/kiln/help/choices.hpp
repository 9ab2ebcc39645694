#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kiln::cli {

/// The words that an option takes as its value, for completions; empty where it takes others than a few.
const std::vector<std::string>& option_choices(std::string_view long_name);

}  // namespace kiln::cli
