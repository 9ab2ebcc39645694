#include "exec/shell_syntax.hpp"

#include <algorithm>
#include <array>

namespace kiln::exec {
namespace {

/// Builtins and keywords of bash and dash, but for `true` and `false`, sorted.
constexpr std::array<std::string_view, 86> kShellNames = {
    "!",       ".",       ":",       "[",       "[[",     "]]",      "alias",   "bg",        "bind",     "break",
    "builtin", "caller",  "case",    "cd",      "chdir",  "command", "compgen", "complete",  "compopt",  "continue",
    "coproc",  "declare", "dirs",    "disown",  "do",     "done",    "echo",    "elif",      "else",     "enable",
    "esac",    "eval",    "exec",    "exit",    "export", "fc",      "fg",      "fi",        "for",      "function",
    "getopts", "hash",    "help",    "history", "if",     "in",      "jobs",    "kill",      "let",      "local",
    "logout",  "mapfile", "popd",    "printf",  "pushd",  "pwd",     "read",    "readarray", "readonly", "return",
    "select",  "set",     "shift",   "shopt",   "source", "suspend", "test",    "then",      "time",     "times",
    "trap",    "type",    "typeset", "ulimit",  "umask",  "unalias", "unset",   "until",     "wait",     "while",
    "{",       "}",       "print",   "whence",  "newgrp", "login"};

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_-./,:=+@%").find(c) != std::string_view::npos;
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

/// Control characters and bytes of other languages: the shell's locale decides what they are.
bool is_printable_ascii(char c) { return c >= ' ' && c <= '~'; }

/// Appends what is between the quotes; the position behind the closing one, or npos where only the shell knows.
std::size_t take_quoted(std::string_view command, std::size_t open, std::string& word) {
  const char quote = command[open];
  for (std::size_t i = open + 1; i < command.size(); ++i) {
    const char c = command[i];
    if (c == quote) return i + 1;
    if (!is_printable_ascii(c) && c != '\t') return std::string_view::npos;
    if (quote == '"' && (c == '$' || c == '`' || c == '\\' || c == '!')) return std::string_view::npos;
    word.push_back(c);
  }
  return std::string_view::npos;
}

bool shell_decides(const std::vector<std::string>& words) {
  const std::string& name = words.front();
  if (name.empty() || name.front() == '%' || name.find('=') != std::string::npos) return true;
  // The builtins of that name take no notice of arguments, the programs do.
  if (name == "true" || name == "false") return words.size() > 1;
  return std::find(kShellNames.begin(), kShellNames.end(), name) != kShellNames.end();
}

}  // namespace

bool plain_words(std::string_view command, std::vector<std::string>& words) {
  words.clear();
  std::size_t i = 0;
  while (true) {
    while (i < command.size() && is_blank(command[i])) ++i;
    if (i == command.size()) break;
    std::string& word = words.emplace_back();
    while (i < command.size() && !is_blank(command[i])) {
      if (command[i] == '\'' || command[i] == '"') {
        i = take_quoted(command, i, word);
        if (i == std::string_view::npos) return false;
      } else if (is_plain(command[i])) {
        word.push_back(command[i++]);
      } else {
        return false;
      }
    }
  }
  return !words.empty() && !shell_decides(words);
}

bool is_known_shell(std::string_view path) {
  const std::string_view name = path.substr(path.find_last_of('/') + 1);
  return name == "bash" || name == "sh" || name == "dash";
}

}  // namespace kiln::exec
