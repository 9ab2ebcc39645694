#pragma once

#include <string>
#include <vector>

namespace kiln::args {

/// One option as people read it: in help, the man page, completions and docs/options.md.
struct OptionText {
  std::vector<std::string> names;  ///< "-n", "--workers"
  std::string value;               ///< "N"; "" for a flag
  std::string text;                ///< one paragraph, without line breaks, with its default
  std::string group;
};

/// All that help says of one command. Taken from the table by which the command line is parsed.
struct HelpPage {
  std::string command;  ///< "kiln run"
  std::string head;     ///< what it does and its usage, lines of at most 80 columns
  std::vector<OptionText> options;
  std::string footer;  ///< as head
};

/// The page as text, no line wider than `columns` (at least 20) where words allow it, nor than 80.
std::string help_text(const HelpPage& page, std::size_t columns);

/// The text with lines wider than `columns` broken between words. A line of a table ("  run TASKS   what it does") is
/// continued below its last column, others below their first character.
std::string fold(const std::string& text, std::size_t columns);

}  // namespace kiln::args
