// Preloaded, this makes a full disk: while the file named by FULL_DISK_WHEN exists, writing to files below the
// directory named by FULL_DISK_BELOW fails with ENOSPC; with FULL_DISK_AS=quota with EDQUOT; with
// FULL_DISK_AS=read-only with EROFS, as do making, linking, renaming and removing files there. Everything else goes
// through.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

// Sets errno where it is.
bool is_full(std::string_view path) {
  const int kept = errno;
  const char* const when = std::getenv("FULL_DISK_WHEN");
  const char* const below = std::getenv("FULL_DISK_BELOW");
  const char* const as = std::getenv("FULL_DISK_AS");
  const bool full = when != nullptr && below != nullptr && path.starts_with(below) && access(when, F_OK) == 0;
  const std::string_view kind = as == nullptr ? "" : as;
  errno = !full ? kept : kind == "quota" ? EDQUOT : kind == "read-only" ? EROFS : ENOSPC;
  return full;
}

bool is_full(int fd) {
  std::array<char, 32> name{};
  std::array<char, 4096> path{};
  std::snprintf(name.data(), name.size(), "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(name.data(), path.data(), path.size());
  return size > 0 && is_full(std::string_view(path.data(), static_cast<std::size_t>(size)));
}

bool is_read_only(const char* path) {
  const char* const as = std::getenv("FULL_DISK_AS");
  if (as == nullptr || std::string_view(as) != "read-only") return false;
  std::array<char, 4096> whole{};
  const std::string_view given = path;
  if (given.starts_with('/')) return is_full(given);
  if (getcwd(whole.data(), whole.size() - given.size() - 2) == nullptr) return false;
  const std::string absolute = std::string(whole.data()) + "/" + std::string(given);
  return is_full(absolute);
}

template <class F>
F real(const char* name) {
  return reinterpret_cast<F>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {
ssize_t write(int fd, const void* data, size_t size) {
  static const auto next = real<ssize_t (*)(int, const void*, size_t)>("write");
  return is_full(fd) ? -1 : next(fd, data, size);
}
ssize_t pwrite(int fd, const void* data, size_t size, off_t at) {
  static const auto next = real<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
  return is_full(fd) ? -1 : next(fd, data, size, at);
}
ssize_t pwrite64(int fd, const void* data, size_t size, off64_t at) {
  static const auto next = real<ssize_t (*)(int, const void*, size_t, off64_t)>("pwrite64");
  return is_full(fd) ? -1 : next(fd, data, size, at);
}
ssize_t writev(int fd, const iovec* parts, int count) {
  static const auto next = real<ssize_t (*)(int, const iovec*, int)>("writev");
  return is_full(fd) ? -1 : next(fd, parts, count);
}

int open(const char* path, int flags, ...) {
  static const auto next = real<int (*)(const char*, int, mode_t)>("open");
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return (flags & O_ACCMODE) != O_RDONLY && is_read_only(path) ? -1 : next(path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  static const auto next = real<int (*)(const char*, int, mode_t)>("open64");
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return (flags & O_ACCMODE) != O_RDONLY && is_read_only(path) ? -1 : next(path, flags, mode);
}
int link(const char* from, const char* to) noexcept {
  static const auto next = real<int (*)(const char*, const char*)>("link");
  return is_read_only(to) ? -1 : next(from, to);
}
int rename(const char* from, const char* to) noexcept {
  static const auto next = real<int (*)(const char*, const char*)>("rename");
  return is_read_only(to) ? -1 : next(from, to);
}
int unlink(const char* path) noexcept {
  static const auto next = real<int (*)(const char*)>("unlink");
  return is_read_only(path) ? -1 : next(path);
}
}
