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

struct Frame {
  std::uint64_t length, number, sum;
};
static_assert(sizeof(Frame) == 24);

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
  text +=
      full ? ": make room there, or give a folder on another disk with --scratch, then run the same command again"
           : ": see whether the disk is well, or give another folder with --scratch, then run the same command again";
  throw Error(full ? ExitCode::stopped_early : ExitCode::run_directory, text);
}

void throw_damaged(const std::filesystem::path& path, std::uint64_t offset, const std::string& why) {
  throw Error(ExitCode::run_directory, path.string() + " is damaged at byte " + std::to_string(offset) + ": " + why +
                                           ": see whether the disk is well, and run the same command again; what this "
                                           "file held is computed anew");
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

void write_block(int fd, std::uint64_t number, ByteView block, const std::filesystem::path& path,
                 const WriteCall& write) {
  const Frame frame{block.size(), number, sum_of(number, block)};
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

BlockReader::BlockReader(int fd, std::filesystem::path path, std::uint64_t begin)
    : fd_(fd), path_(std::move(path)), begin_(begin), at_(begin), size_(0) {
  rewind();
}

void BlockReader::rewind() {
  struct stat status {};
  if (fstat(fd_, &status) != 0) throw_disk_error(errno, "read", path_);
  size_ = static_cast<std::uint64_t>(status.st_size);
  at_ = begin_;
  number_ = 0;
  ended_ = false;
}

bool BlockReader::next(ByteView& block) {
  if (ended_) return false;
  Frame frame{};
  if (read_at(fd_, at_, reinterpret_cast<std::byte*>(&frame), sizeof frame, path_) != sizeof frame) {
    throw_damaged(path_, at_, "it ends without its last block");
  }
  if (frame.number != number_) {
    throw_damaged(path_, at_,
                  "block " + std::to_string(number_) + " is expected, and it says " + std::to_string(frame.number));
  }
  const std::uint64_t begin = at_ + sizeof frame;
  if (frame.length > size_ - std::min(size_, begin)) {
    throw_damaged(path_, at_, "a block of " + std::to_string(frame.length) + " bytes does not fit into the file");
  }
  block_.resize(frame.length);
  if (read_at(fd_, begin, block_.data(), block_.size(), path_) != block_.size()) {
    throw_damaged(path_, begin, "it has become shorter while it was read");
  }
  if (frame.sum != sum_of(frame.number, block_)) throw_damaged(path_, at_, "a block has not its checksum");
  at_ = begin + frame.length;
  ++number_;
  ended_ = frame.length == 0;
  if (ended_ && at_ != size_) throw_damaged(path_, at_, "there is more behind its last block");
  block = block_;
  return !ended_;
}

}  // namespace kiln::shuffle
