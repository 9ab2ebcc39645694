#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kiln::cli {

/// One text of `kiln help TOPIC`. Its first line says in a few words what it is about; a blank line and the text
/// follow. Lines that begin with two blanks are examples, everything else is prose.
struct Topic {
  std::string name;
  std::string text;

  std::string_view title() const { return std::string_view(text).substr(0, text.find('\n')); }
};

/// All of them, by name. Made from help/topics/*.txt when kiln is built.
const std::vector<Topic>& topics();

}  // namespace kiln::cli
