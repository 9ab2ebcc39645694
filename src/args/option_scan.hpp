#pragma once

#include <functional>
#include <string>
#include <vector>

namespace kiln::args {

/// One option as the scan needs it.
struct OptionShape {
  std::vector<std::string> names;  ///< with their dashes
  bool takes_value = false;
  bool takes_count = false;  ///< a value too, where the next word is digits, or behind "="
  std::string refusal;       ///< not empty: there is no such option, but this is what to do instead
};

/// A command's words, taken apart.
struct ScannedWords {
  std::vector<std::string> options;  ///< options and their values, in order; every option is known
  std::vector<std::string> rest;     ///< the words that are neither
  std::size_t from_first = 0;        ///< so many words stand from the first of `rest` on, options among them included
};

enum class Options {
  anywhere,           ///< among the other words, up to "--"
  before_first_word,  ///< from the first word that is none on, nothing is an option
  of_a_run,           ///< before_first_word; but anywhere, where the first word must be a lone task file
};

/// What else is known of a long option that is not there: " kiln results has it."; "" for nothing.
using OptionHint = std::function<std::string(const std::string& name)>;

/// Throws kiln::Error (usage) for an unknown option (with the hint, or the nearest known), a missing or empty value, a
/// value given to a flag.
ScannedWords scan_words(const std::vector<std::string>& words, const std::vector<OptionShape>& known, Options where,
                        const std::string& command, const OptionHint& hint);

}  // namespace kiln::args
