#pragma once

#include <string>
#include <vector>

namespace kiln::tests {

/// The words of a simple command as a shell splits them, quotes taken off, up to a comment or the first of | > < ; &.
inline std::vector<std::string> shell_split(const std::string& line) {
  std::vector<std::string> words;
  std::string word;
  bool open = false;  // a word has begun
  char quote = '\0';
  for (const char c : line) {
    if (quote != '\0') {
      if (c == quote) {
        quote = '\0';
      } else {
        word += c;
      }
    } else if (c == '\'' || c == '"') {
      quote = c;
      open = true;
    } else if (c == ' ' || std::string("|><;&").find(c) != std::string::npos || (c == '#' && !open)) {
      if (open) words.push_back(word);
      word.clear();
      open = false;
      if (c != ' ') return words;
    } else {
      word += c;
      open = true;
    }
  }
  if (open) words.push_back(word);
  return words;
}

}  // namespace kiln::tests
