#include "show_text.hpp"

#include "observe/terminal.hpp"
#include "output.hpp"

#include <unistd.h>
#include <kiln/exit_code.hpp>

#include <algorithm>

namespace kiln::cli {

int show_text(const ShowText& text) {
  const std::size_t columns = std::max<std::size_t>(20, observe::terminal_columns(STDOUT_FILENO));
  if (text.verbatim || ::isatty(STDOUT_FILENO) != 1) {
    print(text.text);
  } else {
    print(text.page ? help_text(*text.page, columns) : fold(text.text, columns));
  }
  return to_int(ExitCode::ok);
}

}  // namespace kiln::cli
