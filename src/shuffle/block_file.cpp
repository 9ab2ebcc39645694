#include "shuffle/block_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <kiln/detail/keyed/hash.hpp>
#include <kiln/error.hpp>
#include <span>
#include <utility>

namespace kiln::shuffle {
namespace {

static_assert(sizeof(Frame) == 24);

// Of larger blocks the file is asked before there is memory for them.
constexpr std::uint64_t kOrdinary = std::uint64_t{1} << 20;

std::uint64_t size_of(int fd, const std::filesystem::path& path) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw_disk_error(errno, "read", path);
  return static_cast<std::uint64_t>(status.st_size);
}

std::uint64_t sum_of(std::uint64_t number, ByteView block) {
  return checksum(block) ^ detail::hash_words({block.size(), number}, 16);
}

}  // namespace

File::File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
File& File::operator=(File&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}
File::~File() { close(); }
void File::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void throw_disk_error(int error_number, std::string_view doing, const std::filesystem::path& path) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  std::string text = "cannot " + std::string(doing) + " " + path.string() + ": " + std::strerror(error_number);
  text += full ? ": make room there, then run the same command again"
               : ": see whether the disk is well, then run the same command again";
  throw Error(full ? ExitCode::stopped_early : ExitCode::run_directory, text);
}

void throw_damaged(const std::filesystem::path& path, std::uint64_t offset, const std::string& why) {
  throw Error(ExitCode::run_directory, path.string() + " is damaged at byte " + std::to_string(offset) + ": " + why +
                                           ": see whether the disk is well; `kiln retry` computes what this file held "
                                           "anew");
}

void write_all(int fd, ByteView bytes, const std::filesystem::path& path, const WriteCall& write) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      throw_disk_error(errno, "write", path);
    }
    if (written == 0) throw_disk_error(ENOSPC, "write", path);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

Frame frame_of(std::uint64_t number, ByteView block) { return {block.size(), number, sum_of(number, block)}; }

void write_block(int fd, const Frame& frame, ByteView block, const std::filesystem::path& path,
                 const WriteCall& write) {
  write_all(fd, std::as_bytes(std::span(&frame, 1)), path, write);
  write_all(fd, block, path, write);
}

std::size_t read_at(int fd, std::uint64_t offset, std::byte* to, std::size_t size, const std::filesystem::path& path) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = ::pread(fd, to + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_disk_error(errno, "read", path);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

void read_block(int fd, const std::filesystem::path& path, std::uint64_t& at, std::uint64_t end, std::uint64_t number,
                Bytes& room) {
  Frame frame;
  if (end - at < sizeof frame ||
      read_at(fd, at, reinterpret_cast<std::byte*>(&frame), sizeof frame, path) != sizeof frame) {
    throw_damaged(path, at, "it ends too early");
  }
  if (frame.number != number) {
    throw_damaged(path, at,
                  "block " + std::to_string(number) + " is expected, and it says " + std::to_string(frame.number));
  }
  const std::uint64_t begin = at + sizeof frame;
  if (frame.length > end - begin) {
    throw_damaged(path, at, "a block of " + std::to_string(frame.length) + " bytes does not fit into its place");
  }
  if (frame.length > kOrdinary && begin + frame.length > size_of(fd, path))
    throw_damaged(path, begin, "it ends too early");
  room.resize(frame.length);
  if (read_at(fd, begin, room.data(), room.size(), path) != room.size())
    throw_damaged(path, begin, "it ends too early");
  if (frame.sum != sum_of(frame.number, room)) throw_damaged(path, at, "a block has not its checksum");
  at = begin + frame.length;
}

}  // namespace kiln::shuffle
