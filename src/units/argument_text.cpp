#include "units/argument_text.hpp"

#include <algorithm>

namespace kiln::units {
namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-' ||
         c == '.' || c == '/' || c == '_';
}

}  // namespace

// Runs without a single quote stand in single quotes, each single quote in double quotes; nothing stands between two
// single quotes that follow each other but an empty pair.
void append_quoted(std::string& out, std::string_view value) {
  if (value.empty()) {
    out += "''";
    return;
  }
  if (std::all_of(value.begin(), value.end(), is_plain)) {
    out += value;
    return;
  }
  for (bool first = true; !value.empty(); first = false) {
    const std::size_t run = std::min(value.find('\''), value.size());
    if (run != 0 || !first) {
      out += '\'';
      out += value.substr(0, run);
      out += '\'';
    }
    value.remove_prefix(run);
    if (value.empty()) break;
    out += "\"'\"";
    value.remove_prefix(1);
  }
}

std::string_view without_extension(std::string_view value) {
  const std::size_t last = value.find_last_of("./");
  return last != std::string_view::npos && value[last] == '.' ? value.substr(0, last) : value;
}

std::string_view base_name(std::string_view value) { return value.substr(value.rfind('/') + 1); }

std::string_view directory_name(std::string_view value) {
  const auto without_slashes = [](std::string_view text) { return text.substr(0, text.find_last_not_of('/') + 1); };
  const std::string_view path = without_slashes(value);
  if (path.empty()) return value.empty() ? "." : "/";
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  const std::string_view directory = without_slashes(path.substr(0, slash));
  return directory.empty() ? "/" : directory;
}

}  // namespace kiln::units
