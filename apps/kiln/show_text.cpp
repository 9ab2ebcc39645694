#include "show_text.hpp"

#include "observe/terminal.hpp"
#include "output.hpp"

#include <unistd.h>
#include <kiln/exit_code.hpp>

#include <algorithm>

namespace kiln::cli {

namespace {

bool on_terminal() { return ::isatty(STDOUT_FILENO) == 1; }

std::size_t columns() { return std::max<std::size_t>(20, observe::terminal_columns(STDOUT_FILENO)); }

}  // namespace

int show_text(const ShowText& text) {
  if (text.verbatim) {
    print(text.text);
  } else if (text.page && on_terminal()) {
    print(args::help_text(*text.page, columns()));
  } else {
    print_folded(text.text);
  }
  return to_int(ExitCode::ok);
}

void print_folded(const std::string& text) { print(on_terminal() ? args::fold(text, columns()) : text); }

}  // namespace kiln::cli
