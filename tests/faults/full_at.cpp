// Preloaded, this makes a disk that refuses once: of the calls that change files or folders below the directory named
// by FULL_AT_BELOW (write, pwrite, writev, fsync, ftruncate, open that makes a file, link, rename, mkdir), counted over
// all processes in the file named by FULL_AT_COUNT (8 bytes), the one with the number FULL_AT fails, with ENOSPC, or as
// FULL_AT_AS says with EDQUOT ("quota") or EROFS ("read-only"). FULL_AT=0: they are only counted.
#include "refusing_disk.hpp"

#include <sys/mman.h>

#include <atomic>
#include <cstdint>

namespace {

struct Trap {
  const std::string below = variable("FULL_AT_BELOW");
  const std::uint64_t at = std::strtoull(variable("FULL_AT").c_str(), nullptr, 10);
  const int error = error_of(variable("FULL_AT_AS"));
  std::atomic<std::uint64_t>* count = nullptr;

  Trap() {
    const int file =
        real<int (*)(const char*, int, ...)>("open")(variable("FULL_AT_COUNT").c_str(), O_RDWR | O_CLOEXEC);
    if (file < 0) return;
    void* const page = mmap(nullptr, sizeof(std::uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (page != MAP_FAILED) count = static_cast<std::atomic<std::uint64_t>*>(page);
    close(file);
  }

  bool springs(const std::string& path) const {
    if (count == nullptr || !path.starts_with(below) || ++*count != at) return false;
    errno = error;
    return true;
  }
};

const Trap& trap() {
  static const Trap the_trap;
  return the_trap;
}

}  // namespace

bool refuses_write(int fd) {
  const std::string path = path_of(fd);
  return !path.empty() && trap().springs(path);
}
bool refuses_open(const char* path, int flags) { return (flags & O_CREAT) != 0 && refuses_name(path); }
bool refuses_name(const char* path) { return trap().springs(absolute(path)); }

extern "C" {
int fsync(int fd) {
  static const auto next = real<int (*)(int)>("fsync");
  return refuses_write(fd) ? -1 : next(fd);
}
int ftruncate(int fd, off_t size) noexcept {
  static const auto next = real<int (*)(int, off_t)>("ftruncate");
  return refuses_write(fd) ? -1 : next(fd, size);
}
int mkdir(const char* path, mode_t mode) noexcept {
  static const auto next = real<int (*)(const char*, mode_t)>("mkdir");
  return refuses_name(path) ? -1 : next(path, mode);
}
}
