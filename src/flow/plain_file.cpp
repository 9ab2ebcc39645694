#include "flow/plain_file.hpp"

#include "base/start_directory.hpp"
#include "base/text.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace kiln::flow {

// Not to wait: opening a pipe would wait for its writer. For regular files it means nothing.
PlainFile::PlainFile(std::string path) : path_(std::move(path)) {
  fd_ = open(from_start(path_).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd_ < 0) fail("open", errno);
  struct stat status {};
  if (fstat(fd_, &status) == 0 && S_ISREG(status.st_mode)) return;
  const bool folder = S_ISDIR(status.st_mode);
  close(fd_);
  throw std::runtime_error(fmt::format("{} is {}", for_message(path_, 400),
                                       folder ? "a directory" : "no regular file, so it cannot be read twice"));
}

PlainFile::~PlainFile() { close(fd_); }

FileState PlainFile::state() const {
  struct stat status {};
  if (fstat(fd_, &status) != 0) fail("ask for the size of", errno);
  return {static_cast<std::uint64_t>(status.st_size),
          std::int64_t{status.st_mtim.tv_sec} * 1'000'000'000 + status.st_mtim.tv_nsec};
}

void PlainFile::go_to(std::uint64_t place, std::uint64_t size) {
  place_ = place;
  size_ = size;
}

std::size_t PlainFile::read(std::span<char> buffer) {
  const std::uint64_t left = place_ < size_ ? size_ - place_ : 0;
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), left));
  if (wanted == 0) return 0;
  while (true) {
    const ssize_t got = pread(fd_, buffer.data(), wanted, static_cast<off_t>(place_));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("read", errno);
    if (got == 0) {
      throw std::runtime_error(fmt::format("{} ends at byte {}; it had {} bytes when the stage began",
                                           for_message(path_, 400), place_, size_));
    }
    place_ += static_cast<std::uint64_t>(got);
    return static_cast<std::size_t>(got);
  }
}

void PlainFile::fail(std::string_view doing, int error) const {
  throw std::runtime_error(fmt::format("cannot {} {}: {}", doing, for_message(path_, 400), std::strerror(error)));
}

}  // namespace kiln::flow
