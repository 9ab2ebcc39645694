// Preloaded, this makes a file system without hard links: every link() fails as it does on FAT or some FUSE mounts.
#include <cerrno>

extern "C" {
int link(const char*, const char*) {
  errno = EPERM;
  return -1;
}
int linkat(int, const char*, int, const char*, int) {
  errno = EPERM;
  return -1;
}
}
