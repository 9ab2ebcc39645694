#pragma once

#include "args/option_parser.hpp"
#include "command_line.hpp"
#include "help/help_command.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace kiln::cli {

/// The options of one of kiln's commands.
class Parser : public args::OptionParser {
 public:
  Parser(std::string name, std::string_view head, std::string_view footer)
      : OptionParser(std::move(name), head, footer, option_owners) {}
  ShowText help() const { return shown(page()); }
  static ShowText shown(HelpPage page) {
    std::string text = args::help_text(page, 80);
    return {std::move(text), std::move(page)};
  }
};

}  // namespace kiln::cli
