#include "exec/output_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

namespace kiln::exec {
namespace {

// Never the file that another process still has open: what an attempt of an earlier launch goes on writing must not
// get into ours.
int create(const std::string& name) {
  unlink(name.c_str());
  return ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

}  // namespace

bool OutputFile::open(std::string path) {
  discard();
  path_ = std::move(path);
  error_ = 0;
  file_.reset(create(partial()));
  if (file_.get() < 0 && errno == ENOENT) {
    std::error_code failed;
    std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), failed);
    if (failed) {
      error_ = failed.value();
      return false;
    }
    file_.reset(create(partial()));
  }
  if (file_.get() < 0) error_ = errno;
  return error_ == 0;
}

void OutputFile::write(const char* data, std::size_t size) {
  while (size != 0 && error_ == 0) {
    const ssize_t written = ::write(file_.get(), data, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      error_ = errno;
      return;
    }
    data += written;
    size -= static_cast<std::size_t>(written);
  }
}

void OutputFile::finish() {
  if (!is_open()) return;
  // Network file systems say only here that there was no room.
  if (::close(file_.release()) != 0 && error_ == 0 && errno != EINTR) error_ = errno;
  if (error_ == 0 && std::rename(partial().c_str(), path_.c_str()) != 0) error_ = errno;
  if (error_ != 0) unlink(partial().c_str());
}

void OutputFile::discard() {
  if (!is_open()) return;
  file_.reset();
  unlink(partial().c_str());
}

}  // namespace kiln::exec
