#include "help/choices.hpp"

#include <map>

namespace kiln::cli {

const std::vector<std::string>& option_choices(std::string_view long_name) {
  static const std::map<std::string, std::vector<std::string>, std::less<>> kChoices{
      {"--batch", {"adaptive", "guided"}},
      {"--keep-output", {"all", "failed", "none"}},
      {"--print", {"none", "grouped", "ordered"}},
      {"--progress", {"auto", "bar", "log", "none"}},
  };
  static const std::vector<std::string> kNone;
  const auto found = kChoices.find(long_name);
  return found == kChoices.end() ? kNone : found->second;
}

}  // namespace kiln::cli
