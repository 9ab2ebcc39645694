#pragma once

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

// What libraries share that are preloaded and make a disk which says no: the calls that write to files and make names.
// One library includes it once, and says of which calls it refuses; these set errno where they do.
bool refuses_write(int fd);
bool refuses_open(const char* path, int flags);
bool refuses_name(const char* path);

inline std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

inline int error_of(std::string_view kind) { return kind == "quota" ? EDQUOT : kind == "read-only" ? EROFS : ENOSPC; }

/// "" where there is none. Leaves errno as it was.
inline std::string path_of(int fd) {
  const int kept = errno;
  std::array<char, 32> name{};
  std::array<char, 4096> path{};
  std::snprintf(name.data(), name.size(), "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(name.data(), path.data(), path.size());
  errno = kept;
  return size > 0 ? std::string(path.data(), static_cast<std::size_t>(size)) : "";
}
inline std::string absolute(const char* path) {
  if (*path == '/') return path;
  std::array<char, 4096> folder{};
  return getcwd(folder.data(), folder.size()) == nullptr ? "" : std::string(folder.data()) + "/" + path;
}

template <class F>
F real(const char* name) {
  return reinterpret_cast<F>(dlsym(RTLD_NEXT, name));
}

extern "C" {
ssize_t write(int fd, const void* data, size_t size) {
  static const auto next = real<ssize_t (*)(int, const void*, size_t)>("write");
  return refuses_write(fd) ? -1 : next(fd, data, size);
}
ssize_t pwrite(int fd, const void* data, size_t size, off_t at) {
  static const auto next = real<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
  return refuses_write(fd) ? -1 : next(fd, data, size, at);
}
ssize_t pwrite64(int fd, const void* data, size_t size, off64_t at) {
  static const auto next = real<ssize_t (*)(int, const void*, size_t, off64_t)>("pwrite64");
  return refuses_write(fd) ? -1 : next(fd, data, size, at);
}
ssize_t writev(int fd, const iovec* parts, int count) {
  static const auto next = real<ssize_t (*)(int, const iovec*, int)>("writev");
  return refuses_write(fd) ? -1 : next(fd, parts, count);
}
int open(const char* path, int flags, ...) {
  static const auto next = real<int (*)(const char*, int, mode_t)>("open");
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return refuses_open(path, flags) ? -1 : next(path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  static const auto next = real<int (*)(const char*, int, mode_t)>("open64");
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return refuses_open(path, flags) ? -1 : next(path, flags, mode);
}
int link(const char* from, const char* to) noexcept {
  static const auto next = real<int (*)(const char*, const char*)>("link");
  return refuses_name(to) ? -1 : next(from, to);
}
int rename(const char* from, const char* to) noexcept {
  static const auto next = real<int (*)(const char*, const char*)>("rename");
  return refuses_name(to) ? -1 : next(from, to);
}
}
