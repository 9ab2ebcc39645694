#pragma once

#include <cstddef>
#include <string_view>

namespace kiln::observe {

/// What a file descriptor can show.
struct TerminalFacts {
  int fd = 2;
  bool tty = false;
  bool utf8 = false;         ///< the locale's character set (std::setlocale was called at start)
  std::size_t columns = 80;  ///< 0: ask the terminal each time
};

/// Facts of `fd` as they are now; columns is 0 for a terminal.
TerminalFacts terminal_facts(int fd);

/// Columns of the terminal at `fd`; `otherwise` where there is none or it does not say.
std::size_t terminal_columns(int fd, std::size_t otherwise = 80);

/// Writes all of `text`, through short writes, EINTR and a descriptor that somebody else made non-blocking. False when
/// it cannot be written (terminal gone, disk full); errno says why.
bool write_fully(int fd, std::string_view text);

}  // namespace kiln::observe
