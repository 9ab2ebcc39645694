#include "flat_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <kiln/error.hpp>
#include <stdexcept>
#include <string>
#include <system_error>

namespace terasort {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBuffer = std::size_t{1} << 20;

// What a file or folder that the user named does not let be done: no fault of the program.
[[noreturn]] void fail(const std::string& doing, const fs::path& path, int error) {
  throw kiln::Error(kiln::ExitCode::bad_input, "cannot " + doing + " " + path.string() + ": " + std::strerror(error));
}

/// Closed at the end.
struct Open {
  Open(const fs::path& path, int flags) : fd(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {
    if (fd < 0) fail("open", path, errno);
  }
  ~Open() { ::close(fd); }
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;
  int fd;
};

fs::path folder_of(const fs::path& file) { return file.has_parent_path() ? file.parent_path() : fs::path("."); }

}  // namespace

fs::path part_of(const fs::path& file) { return file.string() + ".part"; }

void make_part(const fs::path& file) {
  std::error_code ignored;
  if (fs::is_directory(file, ignored)) fail("write", file, EISDIR);
  const Open made(part_of(file), O_RDWR | O_CREAT);
}

void finish(const fs::path& file, std::uint64_t bytes) {
  std::error_code ignored;
  const fs::path part = part_of(file);
  if (!fs::exists(part, ignored) && fs::file_size(file, ignored) == bytes) return;  // it was renamed already
  const Open open(part, O_RDWR);
  const off_t size = ::lseek(open.fd, 0, SEEK_END);
  if (size < static_cast<off_t>(bytes)) {
    throw std::runtime_error(part.string() +
                             " is too short: see whether the disk has room, and begin anew with --fresh");
  }
  // What an earlier run left behind the end.
  if (::ftruncate(open.fd, static_cast<off_t>(bytes)) != 0 || ::fsync(open.fd) != 0) fail("write", part, errno);
  if (::rename(part.c_str(), file.c_str()) != 0) fail("rename", part, errno);
  const Open folder(folder_of(file), O_RDONLY | O_DIRECTORY);
  if (::fsync(folder.fd) != 0) fail("write", folder_of(file), errno);
}

void expect_there(const fs::path& file, std::uint64_t bytes) {
  const auto refuse = [&](const std::string& why) {
    throw kiln::Error(kiln::ExitCode::bad_input,
                      file.string() + " " + why + " since this run wrote it: --fresh begins anew and writes it again");
  };
  // Opened, so that a file system of a network asks its server.
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) refuse("is gone");
  if (fd < 0) fail("open", file, errno);
  const off_t size = ::lseek(fd, 0, SEEK_END);
  ::close(fd);
  if (size != static_cast<off_t>(bytes)) refuse("has changed");
}

PartWriter::PartWriter(const fs::path& file, std::uint64_t place)
    : path_(part_of(file)), fd_(::open(path_.c_str(), O_WRONLY | O_CLOEXEC)), place_(place) {
  if (fd_ < 0 && errno == ENOENT) {
    throw std::runtime_error(path_.string() + " is gone, with what was written: begin anew with --fresh");
  }
  if (fd_ < 0) fail("open", path_, errno);
  buffer_.reserve(kBuffer);
}

PartWriter::~PartWriter() { ::close(fd_); }

void PartWriter::add(const void* bytes, std::size_t size) {
  if (buffer_.size() + size > kBuffer) flush();
  const char* const begin = static_cast<const char*>(bytes);
  buffer_.insert(buffer_.end(), begin, begin + size);
}

void PartWriter::finish() {
  flush();
  if (::fdatasync(fd_) != 0) fail("write", path_, errno);
}

void PartWriter::flush() {
  for (std::size_t written = 0; written < buffer_.size();) {
    const ssize_t wrote =
        ::pwrite(fd_, buffer_.data() + written, buffer_.size() - written, static_cast<off_t>(place_ + written));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) fail("write", path_, errno);
    written += static_cast<std::size_t>(wrote);
  }
  place_ += buffer_.size();
  buffer_.clear();
}

}  // namespace terasort
