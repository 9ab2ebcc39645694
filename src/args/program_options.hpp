#pragma once

#include "args/help_page.hpp"
#include "job/run_options.hpp"

#include <cstdint>
#include <kiln/program.hpp>
#include <optional>
#include <string>
#include <vector>

namespace kiln::detail {

/// A Program's command line.
class ProgramOptions {
 public:
  struct Parsed {
    job::RunOptions run;
    /// What goes on with the same run: options without those that only one launch means; the words that are none.
    std::vector<std::string> options, operands;
    std::uint64_t digest = 0;            ///< of what the program's own options say, but for only_shown() ones
    std::optional<args::HelpPage> help;  ///< asked for: nothing else counts then
    bool version = false;                ///< the same
    bool explain = false;                ///< nothing is to be run
  };
  /// `arguments`: argv without the program's name. Sets the variables that options are bound to. Throws kiln::Error
  /// (usage).
  static Parsed parse(Program& program, const std::vector<std::string>& arguments);
  static const std::string& name(const Program& program);
};

}  // namespace kiln::detail
