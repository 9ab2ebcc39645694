#pragma once

#include <kiln/detail/bytes.hpp>

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

namespace kiln::shuffle {

/// write(2), or what a test puts in its place.
using WriteCall = std::function<ssize_t(int, const void*, std::size_t)>;

/// A file descriptor; closed at the end.
class File {
 public:
  File() = default;
  explicit File(int fd) : fd_(fd) {}
  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File();

  int fd() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  void close();

 private:
  int fd_ = -1;
};

/// What the user reads where the disk said no. Code: stopped_early where there is no room, else run_directory.
/// `doing` completes "cannot …".
[[noreturn]] void throw_disk_error(int error_number, std::string_view doing, const std::filesystem::path& path);
/// What the user reads of bytes that are not those that were written.
[[noreturn]] void throw_damaged(const std::filesystem::path& path, std::uint64_t offset, const std::string& why);

/// All bytes at the file's position. Throws kiln::Error.
void write_all(int fd, ByteView bytes, const std::filesystem::path& path, const WriteCall& write);

/// In front of each block: its length, its number, and the checksum of its bytes and of these two.
struct Frame {
  std::uint64_t length = 0, number = 0, sum = 0;
};

Frame frame_of(std::uint64_t number, ByteView block);
/// Frame and block. Throws kiln::Error.
void write_block(int fd, const Frame& frame, ByteView block, const std::filesystem::path& path, const WriteCall& write);

/// The block whose frame is at `at`, into `room`; nothing is believed before it has been checked. It has this number
/// and ends at `end` or before; `at` is then behind it. Throws kiln::Error.
void read_block(int fd, const std::filesystem::path& path, std::uint64_t& at, std::uint64_t end, std::uint64_t number,
                Bytes& room);

/// `size` bytes at `offset`; fewer where the file ends. Throws kiln::Error.
std::size_t read_at(int fd, std::uint64_t offset, std::byte* to, std::size_t size, const std::filesystem::path& path);

}  // namespace kiln::shuffle
