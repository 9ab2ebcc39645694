// Preloaded, this makes a full disk: while the file named by FULL_DISK_WHEN exists, writing to files below the
// directory named by FULL_DISK_BELOW fails with ENOSPC; with FULL_DISK_AS=quota with EDQUOT; with
// FULL_DISK_AS=read-only with EROFS, as do making, linking, renaming and removing files there. Everything else goes
// through.
#include "refusing_disk.hpp"

namespace {

bool is_full(const std::string& path) {
  const int kept = errno;
  const char* const when = std::getenv("FULL_DISK_WHEN");
  const char* const below = std::getenv("FULL_DISK_BELOW");
  const bool full = when != nullptr && below != nullptr && path.starts_with(below) && access(when, F_OK) == 0;
  errno = full ? error_of(variable("FULL_DISK_AS")) : kept;
  return full;
}

}  // namespace

bool refuses_write(int fd) { return is_full(path_of(fd)); }
bool refuses_open(const char* path, int flags) { return (flags & O_ACCMODE) != O_RDONLY && refuses_name(path); }
bool refuses_name(const char* path) { return variable("FULL_DISK_AS") == "read-only" && is_full(absolute(path)); }

extern "C" int unlink(const char* path) noexcept {
  static const auto next = real<int (*)(const char*)>("unlink");
  return refuses_name(path) ? -1 : next(path);
}
