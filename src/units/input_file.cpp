#include "units/input_file.hpp"

#include "base/log.hpp"
#include "base/quantity.hpp"
#include "base/text.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace kiln::units {
namespace {

constexpr std::chrono::milliseconds kPatience(3000);

[[noreturn]] void cannot_read(const std::string& shown, int error) {
  throw Error(ExitCode::bad_input,
              fmt::format("cannot read {}: {}; check the path and its permissions", shown, std::strerror(error)));
}

}  // namespace

InputFile::InputFile(const std::string& path)
    : shown_(path == "-" ? "standard input" : for_message(path)),
      fd_(path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
  if (fd_ < 0) cannot_read(shown_, errno);
  struct stat status {};
  const bool known = fstat(fd_, &status) == 0;
  const int error = errno;
  if (known && !S_ISDIR(status.st_mode)) {
    waits_ = !S_ISREG(status.st_mode);
    // A size is only a hint: files in /proc say 0, and a file may grow while it is read.
    expected_size_ = status.st_size > 0 && !waits_ ? static_cast<std::size_t>(status.st_size) : 0;
    return;
  }
  if (fd_ != STDIN_FILENO) close(fd_);
  if (!known) cannot_read(shown_, error);
  throw Error(ExitCode::bad_input, fmt::format("{} is a directory; give a file with one line each", shown_));
}

InputFile::~InputFile() {
  if (fd_ != STDIN_FILENO) close(fd_);
}

void InputFile::wait() {
  using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::steady_clock;
  const auto left = kPatience - duration_cast<milliseconds>(steady_clock::now() - opened_);
  pollfd ready{fd_, POLLIN, 0};
  if (left > milliseconds(0) && poll(&ready, 1, static_cast<int>(left.count())) != 0) return;
  waits_ = false;
  log::info("waiting for the end of {} ({} so far); the run begins then", shown_, format_size(total_));
}

std::size_t InputFile::read(std::span<std::byte> buffer) {
  while (true) {
    if (waits_) wait();
    const ssize_t got = ::read(fd_, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) cannot_read(shown_, errno);
    total_ += static_cast<std::size_t>(got);
    return static_cast<std::size_t>(got);
  }
}

Bytes read_file(const std::string& path) {
  InputFile input(path);
  constexpr std::size_t kStep = 1 << 16;
  Bytes bytes(input.expected_size() + (input.expected_size() == 0 ? kStep : 1));
  std::size_t used = 0;
  while (true) {
    if (used == bytes.size()) bytes.resize(bytes.size() + std::max(kStep, bytes.size() / 2));
    const std::size_t got = input.read(std::span(bytes).subspan(used));
    if (got == 0) break;
    used += got;
  }
  bytes.resize(used);
  return bytes;
}

}  // namespace kiln::units
