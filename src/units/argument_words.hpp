#pragma once

#include <string>
#include <vector>

namespace kiln::units {

/// One source of values, as it was typed.
struct ArgumentSource {
  enum class Kind { values, file };
  Kind kind = Kind::values;
  bool linked = false;              ///< goes along with the source before it, value by value (:::+ and ::::+)
  std::string file;                 ///< of Kind::file; "-": standard input
  std::vector<std::string> values;  ///< of Kind::values
};

/// `COMMAND ::: ARGS` with the options that say how its files are read.
struct ArgumentWords {
  std::string command;  ///< its words, joined by blanks
  std::vector<ArgumentSource> sources;
  std::string column_separator;  ///< regular expression that splits values into columns; "": values are not split
  bool header = false;           ///< the first value of each source names it, or its columns
  bool nul_ended = false;        ///< values in files end in NUL, not in newlines
};

/// :::, ::::, :::+ or ::::+.
bool is_argument_separator(const std::string& word);

/// The command and its sources; those of `files` (-a) come first. Throws kiln::Error (usage) where there is no command,
/// no source, or one of ::: without values.
ArgumentWords parse_argument_words(const std::vector<std::string>& words, const std::vector<std::string>& files);

}  // namespace kiln::units
