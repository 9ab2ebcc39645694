#include "observe/terminal.hpp"

#include <langinfo.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

namespace kiln::observe {

TerminalFacts terminal_facts(int fd) {
  TerminalFacts facts;
  facts.fd = fd;
  facts.tty = ::isatty(fd) == 1;
  facts.utf8 = std::string_view(::nl_langinfo(CODESET)) == "UTF-8";
  facts.columns = facts.tty ? 0 : 80;
  return facts;
}

std::size_t terminal_columns(int fd, std::size_t otherwise) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return otherwise;
  return size.ws_col;
}

bool write_fully(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      pollfd ready{fd, POLLOUT, 0};
      if (::poll(&ready, 1, -1) < 0 && errno != EINTR) return false;
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace kiln::observe
