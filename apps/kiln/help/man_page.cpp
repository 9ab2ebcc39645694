#include "help/man_page.hpp"

#include <fmt/core.h>
#include <kiln/version.hpp>

#include <algorithm>
#include <cctype>
#include <string_view>

namespace kiln::cli {
namespace {

// Text that troff shows as it stands.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\\':
        out += "\\e";
        break;
      case '-':
        out += "\\-";
        break;
      case '\'':
        out += "\\(aq";
        break;
      case '`':
        out += "\\(ga";
        break;
      case '^':
        out += "\\(ha";
        break;
      case '~':
        out += "\\(ti";
        break;
      default:
        out += c;
    }
  }
  return out.starts_with('.') ? "\\&" + out : out;
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

// Prose is filled; lines that begin with a blank stay as they are.
std::string body(std::string_view text) {
  std::string out;
  bool example = false, paragraph = true;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(text.size(), end + 1));
    const bool indented = line.starts_with(' ');
    if (line.empty()) {
      paragraph = true;
      continue;
    }
    if (example && (!indented || paragraph)) out += ".EE\n";
    if (paragraph) out += ".PP\n";
    if (indented && (!example || paragraph)) out += ".EX\n";
    example = indented;
    paragraph = false;
    out += escaped(line) + "\n";
  }
  return example ? out + ".EE\n" : out;
}

std::string option_entry(const OptionText& option) {
  std::string names;
  for (const std::string& name : option.names) names += (names.empty() ? "" : ", ") + ("\\fB" + escaped(name) + "\\fR");
  if (!option.value.empty()) names += " \\fI" + escaped(option.value) + "\\fR";
  return ".TP\n" + names + "\n" + escaped(option.text) + "\n";
}

std::string command_section(const HelpPage& page) {
  std::string out = fmt::format(".SS {}\n", escaped(page.command));
  out += body(page.head);
  for (const OptionText& option : page.options) out += option_entry(option);
  return out + body(page.footer);
}

// In a cell of a table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? "\\|" : std::string(1, c);
  return out;
}

}  // namespace

std::string man_page(std::span<const CommandInfo> commands, const std::vector<HelpPage>& pages,
                     const std::vector<Topic>& topics) {
  std::string out = fmt::format(".TH KILN 1 \"\" \"kiln {}\" \"User Commands\"\n", KILN_VERSION);
  out +=
      ".SH NAME\nkiln \\- run large batches of independent commands through MPI and keep every result\n.SH SYNOPSIS\n";
  for (const CommandInfo& command : commands) {
    out += fmt::format(".B kiln {}\n[\\fIOPTIONS\\fR] {}\n.br\n", command.name, escaped(command.operand));
  }
  out += ".SH DESCRIPTION\n" + body(top_help()) + ".SH COMMANDS\n";
  for (const HelpPage& page : pages) out += command_section(page);
  for (const Topic& topic : topics) {
    const std::string_view text = topic.text;
    out += fmt::format(".SH {}\n", escaped(upper(topic.name)));
    out += body(text.substr(std::min(text.find('\n'), text.size())));
  }
  return out;
}

std::string options_markdown(const std::vector<HelpPage>& pages) {
  std::string out =
      "# Options\n\nEvery option of every command, as `kiln COMMAND --help` shows them. Made by\n"
      "`kiln help --markdown > docs/options.md`; a test keeps it true.\n";
  for (const HelpPage& page : pages) {
    out += fmt::format("\n## {}\n\n| option | what it does |\n|---|---|\n", page.command);
    for (const OptionText& option : page.options) {
      std::string names;
      for (const std::string& name : option.names) names += (names.empty() ? "" : ", ") + name;
      if (!option.value.empty()) names += " " + option.value;
      out += fmt::format("| `{}` | {} |\n", cell(names), cell(option.text));
    }
  }
  return out;
}

}  // namespace kiln::cli
