#pragma once

#include <string>
#include <vector>

namespace kiln::cli {

/// One option as the scan needs it.
struct OptionShape {
  std::vector<std::string> names;  ///< with their dashes
  bool takes_value = false;
};

/// A command's words, taken apart.
struct ScannedWords {
  std::vector<std::string> options;  ///< options and their values, in order; every option is known
  std::vector<std::string> rest;     ///< the words that are neither
};

enum class Options {
  anywhere,           ///< among the other words, up to "--"
  before_first_word,  ///< from the first word that is none on, nothing is an option
};

/// Throws kiln::Error (usage) for an unknown option (with the nearest known), a missing or empty value, a value given
/// to a flag.
ScannedWords scan_words(const std::vector<std::string>& words, const std::vector<OptionShape>& known, Options where,
                        const std::string& command);

}  // namespace kiln::cli
