#include "output.hpp"

#include "observe/terminal.hpp"

#include <fmt/core.h>
#include <unistd.h>
#include <kiln/error.hpp>

#include <cerrno>
#include <cstring>

namespace kiln::cli {

void print(std::string_view text) {
  if (observe::write_fully(STDOUT_FILENO, text)) return;
  throw Error(ExitCode::internal, fmt::format("standard output cannot be written: {}", std::strerror(errno)));
}

}  // namespace kiln::cli
