#include "job/spool.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <kiln/error.hpp>
#include <utility>

namespace kiln::job {
namespace {

void write_all(int descriptor, const char* data, std::size_t size, const std::string& directory) {
  while (size != 0) {
    const ssize_t written = write(descriptor, data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      throw Error(ExitCode::bad_input, fmt::format("cannot keep the tasks from standard input in {}: {}. Set TMPDIR to "
                                                   "a directory with room, or name a file.",
                                                   directory, std::strerror(errno)));
    }
    data += written;
    size -= static_cast<std::size_t>(written);
  }
}

}  // namespace

Spool::~Spool() {
  if (descriptor_ >= 0) close(descriptor_);
}

Spool::Spool(Spool&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

Spool Spool::of_standard_input(const std::string& directory) {
  std::string name = directory + "/kiln-tasks-XXXXXX";
  Spool spool(mkostemp(name.data(), O_CLOEXEC));
  if (spool.descriptor_ < 0) {
    throw Error(ExitCode::bad_input,
                fmt::format("cannot make a temporary file in {}: {}. Set TMPDIR to a directory that "
                            "can be written.",
                            directory, std::strerror(errno)));
  }
  unlink(name.c_str());
  std::array<char, 65536> buffer{};
  while (true) {
    const ssize_t got = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      throw Error(ExitCode::bad_input, fmt::format("cannot read standard input: {}", std::strerror(errno)));
    }
    if (got == 0) break;
    write_all(spool.descriptor_, buffer.data(), static_cast<std::size_t>(got), directory);
  }
  lseek(spool.descriptor_, 0, SEEK_SET);
  return spool;
}

}  // namespace kiln::job
