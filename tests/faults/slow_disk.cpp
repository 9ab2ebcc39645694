// Preloaded, this makes a slow disk: while the file named by SLOW_DISK_WHEN exists, fsync of files below the directory
// named by SLOW_DISK_BELOW does not return. Everything else goes through.
#include <dlfcn.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace {

constexpr int kLookMilliseconds = 10;

bool is_below(int fd, const char* below) {
  std::array<char, 32> name{};
  std::array<char, 4096> path{};
  std::snprintf(name.data(), name.size(), "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(name.data(), path.data(), path.size());
  return size > 0 && std::string_view(path.data(), static_cast<std::size_t>(size)).starts_with(below);
}

void wait(int fd) {
  const int kept = errno;
  const char* const when = std::getenv("SLOW_DISK_WHEN");
  const char* const below = std::getenv("SLOW_DISK_BELOW");
  if (when != nullptr && below != nullptr && is_below(fd, below)) {
    while (access(when, F_OK) == 0) poll(nullptr, 0, kLookMilliseconds);
  }
  errno = kept;
}

}  // namespace

extern "C" {
int fsync(int fd) {
  static const auto next = reinterpret_cast<int (*)(int)>(dlsym(RTLD_NEXT, "fsync"));
  wait(fd);
  return next(fd);
}
int fdatasync(int fd) {
  static const auto next = reinterpret_cast<int (*)(int)>(dlsym(RTLD_NEXT, "fdatasync"));
  wait(fd);
  return next(fd);
}
}
