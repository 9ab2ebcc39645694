// Preloaded, this makes a full disk: while the file named by FULL_DISK_WHEN exists, writing to files below the
// directory named by FULL_DISK_BELOW fails with ENOSPC. Everything else goes through.
#include <dlfcn.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

bool is_full(int fd) {
  const int kept = errno;
  const char* const when = std::getenv("FULL_DISK_WHEN");
  const char* const below = std::getenv("FULL_DISK_BELOW");
  bool full = false;
  if (when != nullptr && below != nullptr && access(when, F_OK) == 0) {
    std::array<char, 32> name{};
    std::array<char, 4096> path{};
    std::snprintf(name.data(), name.size(), "/proc/self/fd/%d", fd);
    const ssize_t size = readlink(name.data(), path.data(), path.size());
    full = size > 0 && std::string_view(path.data(), static_cast<std::size_t>(size)).starts_with(below);
  }
  errno = full ? ENOSPC : kept;
  return full;
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
}
