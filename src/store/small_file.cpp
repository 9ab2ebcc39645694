#include "store/small_file.hpp"

#include "base/start_directory.hpp"
#include "store/file_ops.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace kiln::store {
namespace {

namespace fs = std::filesystem;

int open_retrying(const fs::path& path, int flags, mode_t mode = 0) {
  int fd = -1;
  do {
    fd = ::open(from_start(path).c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

// Closes on every way out; the error of close is asked for where it matters.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool close() {
    const int fd = fd_;
    fd_ = -1;
    return ::close(fd) == 0 || errno == EINTR;
  }

 private:
  int fd_;
};

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

fs::path temporary_for(const fs::path& path) {
  static std::atomic<unsigned> next{0};
  return path.parent_path() /
         fmt::format("{}{}-{}-{}", kTemporaryPrefix, path.filename().string(), ::getpid(), next.fetch_add(1));
}

// A complete temporary beside `path`; removed again when it cannot be completed.
fs::path write_temporary(const fs::path& path, std::string_view text, Durable durable) {
  fs::path temporary = temporary_for(path);
  Descriptor file(open_retrying(temporary, O_WRONLY | O_CREAT | O_EXCL, 0666));
  if (file.get() < 0) throw StorageError(errno, "write", path);
  const bool good = write_all(file.get(), text) && (durable == Durable::no || ::fsync(file.get()) == 0) && file.close();
  if (!good) {
    const int error = errno;
    ::unlink(from_start(temporary).c_str());
    throw StorageError(error, "write", path);
  }
  return temporary;
}

void sync_parent(const fs::path& path) {
  sync_folder(system_file_ops(), path.has_parent_path() ? path.parent_path() : fs::path("."));
}

}  // namespace

std::optional<std::string> read_small_file(const fs::path& path, std::size_t limit) {
  const auto refuse = [&](std::string_view why) {
    throw Error(ExitCode::run_directory, fmt::format("cannot read {}: {}", path.string(), why));
  };
  const Descriptor file(open_retrying(path, O_RDONLY));
  if (file.get() < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    refuse(std::strerror(errno));
  }
  std::string text;
  char piece[4096];
  while (true) {
    const ssize_t got = ::read(file.get(), piece, sizeof piece);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) refuse(std::strerror(errno));
    if (got == 0) return text;
    text.append(piece, static_cast<std::size_t>(got));
    if (text.size() > limit) refuse(fmt::format("it is larger than {} bytes, so it is not kiln's", limit));
  }
}

void write_replaced(const fs::path& path, std::string_view text, Durable durable) {
  const fs::path temporary = write_temporary(path, text, durable);
  if (::rename(from_start(temporary).c_str(), from_start(path).c_str()) != 0) {
    const int error = errno;
    ::unlink(from_start(temporary).c_str());
    throw StorageError(error, "replace", path);
  }
  if (durable == Durable::yes) sync_parent(path);
}

bool write_new(const fs::path& path, std::string_view text) {
  const fs::path temporary = write_temporary(path, text, Durable::yes);
  const int error = ::link(from_start(temporary).c_str(), from_start(path).c_str()) == 0 ? 0 : errno;
  struct stat own {
  }, there{};
  // NFS may answer EEXIST to one's own success.
  const bool ours = error == 0 || (error == EEXIST && ::stat(from_start(temporary).c_str(), &own) == 0 &&
                                   ::stat(from_start(path).c_str(), &there) == 0 && own.st_ino == there.st_ino);
  ::unlink(from_start(temporary).c_str());
  if (!ours && error != EEXIST) throw StorageError(error, "create", path);
  sync_parent(path);
  return ours;
}

void remove_temporaries(const fs::path& directory, std::initializer_list<std::string_view> but) noexcept {
  try {
    std::error_code ignored;
    for (const auto& item : fs::directory_iterator(from_start(directory), ignored)) {
      const std::string name = item.path().filename().string();
      const auto is_kept = [&](std::string_view prefix) { return !prefix.empty() && name.starts_with(prefix); };
      if (!name.starts_with(kTemporaryPrefix) || std::ranges::any_of(but, is_kept)) continue;
      fs::remove(from_start(item.path()), ignored);
    }
  } catch (const std::exception&) {
    return;
  }
}

}  // namespace kiln::store
