// Preloaded, this makes a disk that refuses once: of the calls that change files or folders below the directory named
// by FULL_AT_BELOW (write, pwrite, writev, fsync, ftruncate, open that makes a file, link, rename, mkdir), counted over
// all processes in the file named by FULL_AT_COUNT (8 bytes), the one with the number FULL_AT fails, with ENOSPC, or as
// FULL_AT_AS says with EDQUOT ("quota") or EROFS ("read-only"). FULL_AT=0: they are only counted.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

template <class F>
F real(const char* name) {
  return reinterpret_cast<F>(dlsym(RTLD_NEXT, name));
}

struct Trap {
  const std::string below = variable("FULL_AT_BELOW");
  const std::uint64_t at = std::strtoull(variable("FULL_AT").c_str(), nullptr, 10);
  int error = ENOSPC;
  std::atomic<std::uint64_t>* count = nullptr;

  Trap() {
    const std::string kind = variable("FULL_AT_AS");
    if (kind == "quota") error = EDQUOT;
    if (kind == "read-only") error = EROFS;
    const int file =
        real<int (*)(const char*, int, ...)>("open")(variable("FULL_AT_COUNT").c_str(), O_RDWR | O_CLOEXEC);
    if (file < 0) return;
    void* const page = mmap(nullptr, sizeof(std::uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (page != MAP_FAILED) count = static_cast<std::atomic<std::uint64_t>*>(page);
    close(file);
  }

  // Sets errno where it does.
  bool springs(std::string_view path) {
    if (count == nullptr || !path.starts_with(below) || ++*count != at) return false;
    errno = error;
    return true;
  }
  bool springs(const char* path) {
    if (*path == '/') return springs(std::string_view(path));
    std::array<char, 4096> folder{};
    return getcwd(folder.data(), folder.size()) != nullptr && springs(std::string(folder.data()) + "/" + path);
  }
  bool springs(int fd) {
    const int kept = errno;
    std::array<char, 32> name{};
    std::array<char, 4096> path{};
    std::snprintf(name.data(), name.size(), "/proc/self/fd/%d", fd);
    const ssize_t size = readlink(name.data(), path.data(), path.size());
    errno = kept;
    return size > 0 && springs(std::string_view(path.data(), static_cast<std::size_t>(size)));
  }
};

Trap& trap() {
  static Trap the_trap;
  return the_trap;
}

}  // namespace

extern "C" {
ssize_t write(int fd, const void* data, size_t size) {
  static const auto next = real<ssize_t (*)(int, const void*, size_t)>("write");
  return trap().springs(fd) ? -1 : next(fd, data, size);
}
ssize_t pwrite(int fd, const void* data, size_t size, off_t at) {
  static const auto next = real<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
  return trap().springs(fd) ? -1 : next(fd, data, size, at);
}
ssize_t pwrite64(int fd, const void* data, size_t size, off64_t at) {
  static const auto next = real<ssize_t (*)(int, const void*, size_t, off64_t)>("pwrite64");
  return trap().springs(fd) ? -1 : next(fd, data, size, at);
}
ssize_t writev(int fd, const iovec* parts, int count) {
  static const auto next = real<ssize_t (*)(int, const iovec*, int)>("writev");
  return trap().springs(fd) ? -1 : next(fd, parts, count);
}
int fsync(int fd) {
  static const auto next = real<int (*)(int)>("fsync");
  return trap().springs(fd) ? -1 : next(fd);
}
int ftruncate(int fd, off_t size) noexcept {
  static const auto next = real<int (*)(int, off_t)>("ftruncate");
  return trap().springs(fd) ? -1 : next(fd, size);
}
int open(const char* path, int flags, ...) {
  static const auto next = real<int (*)(const char*, int, mode_t)>("open");
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return (flags & O_CREAT) != 0 && trap().springs(path) ? -1 : next(path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  static const auto next = real<int (*)(const char*, int, mode_t)>("open64");
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return (flags & O_CREAT) != 0 && trap().springs(path) ? -1 : next(path, flags, mode);
}
int link(const char* from, const char* to) noexcept {
  static const auto next = real<int (*)(const char*, const char*)>("link");
  return trap().springs(to) ? -1 : next(from, to);
}
int rename(const char* from, const char* to) noexcept {
  static const auto next = real<int (*)(const char*, const char*)>("rename");
  return trap().springs(to) ? -1 : next(from, to);
}
int mkdir(const char* path, mode_t mode) noexcept {
  static const auto next = real<int (*)(const char*, mode_t)>("mkdir");
  return trap().springs(path) ? -1 : next(path, mode);
}
}
