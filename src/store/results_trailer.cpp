#include "store/results_trailer.hpp"

#include "base/start_directory.hpp"

#include <kiln/detail/bytes.hpp>
#include "store/file_ops.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

namespace kiln::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "KILNRES1";
constexpr std::size_t kTrailerBytes = 40;

// Magic, length of the whole file, made_from, spare, checksum of these.
Bytes make_trailer(std::uint64_t file_length, EntryNumber made_from) {
  ByteWriter out;
  out.put_raw(kMagic.data(), kMagic.size());
  out.put(file_length);
  out.put(made_from.value());
  out.put(std::uint64_t{0});
  out.put(checksum(out.view()));
  return out.take();
}

class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags) : fd_(::open(from_start(path).c_str(), flags | O_CLOEXEC)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

void append_results_trailer(const fs::path& file, EntryNumber made_from) {
  const Descriptor out(file, O_WRONLY | O_APPEND);
  struct stat status {};
  if (out.get() < 0 || ::fstat(out.get(), &status) != 0) throw StorageError(errno, "open", file);
  const Bytes trailer = make_trailer(static_cast<std::uint64_t>(status.st_size) + kTrailerBytes, made_from);
  for (std::size_t done = 0; done < trailer.size();) {
    const ssize_t written = ::write(out.get(), trailer.data() + done, trailer.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw StorageError(written == 0 ? ENOSPC : errno, "write", file);
    done += static_cast<std::size_t>(written);
  }
  if (::fsync(out.get()) != 0) throw StorageError(errno, "sync", file);
}

std::optional<EntryNumber> results_made_from(const fs::path& file) {
  const Descriptor in(file, O_RDONLY);
  struct stat status {};
  if (in.get() < 0 || ::fstat(in.get(), &status) != 0) return std::nullopt;
  if (status.st_size < static_cast<off_t>(kTrailerBytes)) return std::nullopt;
  std::array<std::byte, kTrailerBytes> bytes{};
  const off_t at = status.st_size - static_cast<off_t>(kTrailerBytes);
  ssize_t got = -1;
  do {
    got = ::pread(in.get(), bytes.data(), bytes.size(), at);
  } while (got < 0 && errno == EINTR);
  if (got != static_cast<ssize_t>(bytes.size())) return std::nullopt;
  std::uint64_t number = 0;
  std::memcpy(&number, bytes.data() + 16, sizeof number);
  const Bytes expected = make_trailer(static_cast<std::uint64_t>(status.st_size), EntryNumber(number));
  if (std::memcmp(expected.data(), bytes.data(), bytes.size()) != 0) return std::nullopt;
  return EntryNumber(number);
}

}  // namespace kiln::store
