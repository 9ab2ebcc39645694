#include "args/help_page.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>

namespace kiln::args {
namespace {

constexpr std::size_t kWidest = 80;
constexpr std::size_t kTextColumn = 28;  // where the texts of options begin
constexpr std::size_t kLeastText = 24;   // columns; narrower than that, texts go below the names

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), begins_character));
}

// The bytes of the first `width` characters.
std::size_t bytes_of(std::string_view text, std::size_t width) {
  std::size_t at = 0, seen = 0;
  for (; at < text.size(); ++at) {
    if (begins_character(text[at]) && seen++ == width) break;
  }
  return at;
}

// Takes off as many words as fit into `width`; at least one, however long.
std::string_view take_words(std::string_view& rest, std::size_t width) {
  std::size_t end = rest.size();
  if (width_of(rest) > width) {
    end = rest.rfind(' ', bytes_of(rest, width));
    if (end == std::string_view::npos || end == 0) end = std::min(rest.find(' ', 1), rest.size());
  }
  std::string_view taken = rest.substr(0, end);
  while (taken.ends_with(' ')) taken.remove_suffix(1);
  rest.remove_prefix(end);
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  return taken;
}

void put_option(std::string& out, const OptionText& option, std::size_t columns) {
  std::string names = "  ";
  for (const std::string& name : option.names) names += (names.size() > 2 ? "," : "") + name;
  if (!option.value.empty()) names += " " + option.value;
  const bool below = columns < kTextColumn + kLeastText;
  const std::size_t column = below ? 6 : kTextColumn;
  std::string_view rest = option.text;
  if (!below && width_of(names) + 2 <= column) {
    names.append(column - width_of(names), ' ');
    out += names;
    out += take_words(rest, columns - column);
    out += '\n';
  } else {
    out += names + "\n";
  }
  while (!rest.empty()) out += fmt::format("{:{}}{}\n", "", column, take_words(rest, columns - column));
}

// Where the last column of a table's line begins; else its first character.
std::size_t hanging_indent(std::string_view line, std::size_t columns) {
  const std::size_t first = std::min(line.find_first_not_of(' '), line.size());
  const std::size_t gap = line.rfind("  ");
  if (gap == std::string_view::npos || gap < first) return first;
  const std::size_t column = width_of(line.substr(0, gap + 2));
  return column + kLeastText <= columns ? column : first + 4;
}

}  // namespace

std::string fold(const std::string& text, std::size_t columns) {
  std::string out;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(rest.size(), end + 1));
    const std::size_t indent = hanging_indent(line, columns);
    std::string_view left = line;
    if (width_of(line) > columns) {
      const std::size_t first = std::min(line.find_first_not_of(' '), line.size());
      out += line.substr(0, first);
      left.remove_prefix(first);
      out += take_words(left, columns - std::min(columns - 1, first));
      while (!left.empty()) {
        out += fmt::format("\n{:{}}", "", indent);
        out += take_words(left, columns - std::min(columns - 1, indent));
      }
    } else {
      out += line;
    }
    out += '\n';
  }
  return out;
}

std::string help_text(const HelpPage& page, std::size_t columns) {
  columns = std::clamp<std::size_t>(columns, 20, kWidest);
  std::string out = fold(page.head, columns);
  std::vector<std::string> groups;
  for (const OptionText& option : page.options) {
    if (std::find(groups.begin(), groups.end(), option.group) == groups.end()) groups.push_back(option.group);
  }
  for (const std::string& group : groups) {
    out += "\n" + group + ":\n";
    for (const OptionText& option : page.options) {
      if (option.group == group) put_option(out, option, columns);
    }
  }
  return out + "\n" + fold(page.footer, columns);
}

}  // namespace kiln::args
