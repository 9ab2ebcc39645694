#include "whole_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace clickstream {
namespace {

constexpr std::size_t kBuffer = std::size_t{1} << 20;

// Of this process: a unit may run on two ranks at a time. Hidden, so that no pattern finds it.
std::string part_of(const std::string& path) {
  const std::filesystem::path whole(path);
  return (whole.parent_path() / ("." + whole.filename().string() + "." + std::to_string(::getpid()))).string();
}

}  // namespace

WholeFile::WholeFile(std::string path)
    : path_(std::move(path)),
      part_(part_of(path_)),
      fd_(::open(part_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
  if (fd_ < 0) fail();
}

WholeFile::~WholeFile() {
  if (fd_ >= 0) ::close(fd_);
  if (!part_.empty()) ::unlink(part_.c_str());
}

void WholeFile::add(std::string_view bytes) {
  buffer_ += bytes;
  if (buffer_.size() >= kBuffer) flush();
}

void WholeFile::finish() {
  flush();
  if (::fsync(fd_) != 0) fail();
  if (::close(std::exchange(fd_, -1)) != 0) fail();
  if (std::rename(part_.c_str(), path_.c_str()) != 0) fail();
  part_.clear();
}

void WholeFile::flush() {
  for (std::string_view rest = buffer_; !rest.empty();) {
    const ssize_t written = ::write(fd_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail();
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  buffer_.clear();
}

void WholeFile::fail() const { throw std::runtime_error("cannot write " + path_ + ": " + std::strerror(errno)); }

}  // namespace clickstream
