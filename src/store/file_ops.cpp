#include "store/file_ops.hpp"

#include "base/start_directory.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>
#include <utility>

namespace kiln::store {
namespace {

std::string describe(int error_number, std::string_view doing, const std::filesystem::path& path) {
  return fmt::format("cannot {} {}: {}", doing, path.native(), std::generic_category().message(error_number));
}

std::string_view hint(int error_number) {
  return is_full(error_number)    ? "; what is committed is safe: make room, then run again"
         : error_number == EROFS  ? "; make its file system writable, then run again"
         : error_number == EACCES ? "; check the permissions of the run directory"
         : error_number == ENOENT ? ""
                                  : "; check the file system, then run again";
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

template <class Call>
auto uninterrupted(Call call) {
  auto code = call();
  while (code < 0 && errno == EINTR) code = call();
  return code;
}

void write_all(FileOps& ops, int fd, ByteView bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const ssize_t written = uninterrupted([&] { return ops.write(fd, bytes.data(), bytes.size()); });
    if (written < 0) throw StorageError(errno, "write", path);
    if (written == 0) throw StorageError(ENOSPC, "write", path);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

}  // namespace

bool is_full(int error_number) { return error_number == ENOSPC || error_number == EDQUOT; }

StorageError::StorageError(int error_number, std::string_view doing, const std::filesystem::path& path)
    : Error(is_full(error_number) ? ExitCode::stopped_early : ExitCode::run_directory,
            describe(error_number, doing, path) + std::string(hint(error_number))),
      error_number_(error_number),
      path_(path),
      fact_(describe(error_number, doing, path)) {}

int FileOps::open(const char* path, int flags, mode_t mode) { return ::open(from_start(path).c_str(), flags, mode); }
ssize_t FileOps::write(int fd, const void* data, std::size_t size) { return ::write(fd, data, size); }
int FileOps::fsync(int fd) { return ::fsync(fd); }
int FileOps::link(const char* from, const char* to) { return ::link(from_start(from).c_str(), from_start(to).c_str()); }
int FileOps::rename(const char* from, const char* to) {
  return ::rename(from_start(from).c_str(), from_start(to).c_str());
}
int FileOps::unlink(const char* path) { return ::unlink(from_start(path).c_str()); }
int FileOps::mkdir(const char* path, mode_t mode) { return ::mkdir(from_start(path).c_str(), mode); }
int FileOps::rmdir(const char* path) { return ::rmdir(from_start(path).c_str()); }

FileOps& system_file_ops() {
  static FileOps ops;
  return ops;
}

void write_durably(FileOps& ops, const std::filesystem::path& path, ByteView bytes) {
  const int fd = uninterrupted([&] { return ops.open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666); });
  if (fd < 0) throw StorageError(errno, "create", path);
  Descriptor file(fd);
  try {
    write_all(ops, fd, bytes, path);
    // After a failed fsync the kernel may have dropped the pages, and the next fsync would lie: the file is given up.
    if (uninterrupted([&] { return ops.fsync(fd); }) < 0) throw StorageError(errno, "fsync", path);
    if (::close(file.release()) < 0 && errno != EINTR) throw StorageError(errno, "close", path);
  } catch (...) {
    ops.unlink(path.c_str());
    throw;
  }
}

void sync_folder(FileOps& ops, const std::filesystem::path& folder) {
  const int fd = uninterrupted([&] { return ops.open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0); });
  if (fd < 0) throw StorageError(errno, "open", folder);
  const Descriptor open_folder(fd);
  // Some file systems cannot fsync a folder and say EINVAL; their names are as durable as they get.
  if (uninterrupted([&] { return ops.fsync(fd); }) < 0 && errno != EINVAL) throw StorageError(errno, "fsync", folder);
}

void make_folder(FileOps& ops, const std::filesystem::path& folder) {
  if (ops.mkdir(folder.c_str(), 0777) == 0) {
    sync_folder(ops, folder.parent_path());
  } else if (errno != EEXIST) {
    throw StorageError(errno, "make the folder", folder);
  }
}

void remove_name(FileOps& ops, const std::filesystem::path& path) {
  if (ops.unlink(path.c_str()) < 0 && errno != ENOENT) throw StorageError(errno, "remove", path);
}

Bytes read_file(const std::filesystem::path& path, std::uint64_t limit) {
  const Descriptor file(uninterrupted([&] { return ::open(from_start(path).c_str(), O_RDONLY | O_CLOEXEC); }));
  if (file.get() < 0) throw StorageError(errno, "open", path);
  struct stat status {};
  if (::fstat(file.get(), &status) < 0) throw StorageError(errno, "examine", path);
  if (S_ISDIR(status.st_mode)) throw StorageError(EISDIR, "read", path);
  if (static_cast<std::uint64_t>(status.st_size) > limit) throw StorageError(EFBIG, "read", path);
  Bytes bytes(static_cast<std::size_t>(status.st_size));
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got = uninterrupted([&] { return ::read(file.get(), bytes.data() + filled, bytes.size() - filled); });
    if (got < 0) throw StorageError(errno, "read", path);
    if (got == 0) break;  // it became shorter meanwhile
    filled += static_cast<std::size_t>(got);
  }
  bytes.resize(filled);
  return bytes;
}

}  // namespace kiln::store
