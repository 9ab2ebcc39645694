#include "shuffle/run_file.hpp"

#include "base/start_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <kiln/detail/keyed/hash.hpp>
#include <kiln/error.hpp>
#include <span>
#include <utility>

namespace kiln::shuffle {
namespace {

constexpr char kMagic[8] = {'K', 'I', 'L', 'N', 'R', 'U', 'N', '\n'};
constexpr std::uint32_t kVersion = 1;
constexpr std::uint64_t kEndNumber = ~std::uint64_t{0};

struct Header {
  char magic[8];
  std::uint32_t version, zero;
};
static_assert(sizeof(Header) == 16);

/// The end of a file: an empty block, its sum that of all blocks.
constexpr std::uint64_t kLeast = sizeof(Header) + sizeof(Frame);

void sync_folder_of(const std::filesystem::path& path) {
  const std::filesystem::path folder = path.parent_path();
  const File file(::open(from_start(folder).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!file.is_open() || ::fsync(file.fd()) != 0) throw_disk_error(errno, "write", folder);
}

}  // namespace

RunFileWriter::RunFileWriter(const std::filesystem::path& path, bool durable, WriteCall write)
    : path_(path),
      durable_(durable),
      write_(write ? std::move(write) : WriteCall(::write)),
      file_(::open(from_start(path).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)) {
  if (!file_.is_open()) throw_disk_error(errno, "make", path_);
  Header header{};
  std::copy_n(kMagic, sizeof kMagic, header.magic);
  header.version = kVersion;
  try {
    write_all(file_.fd(), std::as_bytes(std::span(&header, 1)), path_, write_);
  } catch (...) {
    ::unlink(from_start(path_).c_str());  // no destructor runs
    throw;
  }
  at_ = sizeof header;
}

RunFileWriter::~RunFileWriter() {
  if (file_.is_open()) ::unlink(from_start(path_).c_str());
}

void RunFileWriter::put(const Frame& frame, ByteView block) {
  write_block(file_.fd(), frame, block, path_, write_);
  at_ += sizeof frame + block.size();
}

void RunFileWriter::write(std::uint32_t shard, std::string_view block, std::uint64_t entries) {
  if (block.empty()) return;
  if (shard != std::exchange(shard_, shard)) in_shard_ = 0;
  const Frame frame = frame_of(block_number(shard, in_shard_++), as_bytes(block));
  const std::uint64_t begin = at_;
  put(frame, as_bytes(block));
  pieces_.add(shard, begin, at_ - begin, entries);
  sum_ = detail::hash_words({sum_, frame.sum}, 16);
}

detail::RunReference RunFileWriter::finish() {
  put({0, kEndNumber, sum_}, {});
  if (durable_ && ::fsync(file_.fd()) != 0) throw_disk_error(errno, "write", path_);
  // Some file systems tell only at a close() that there was no room.
  const int fd = ::dup(file_.fd());
  if (fd < 0 || ::close(fd) != 0) throw_disk_error(errno, "write", path_);
  if (durable_) sync_folder_of(path_);
  file_.close();
  detail::RunReference run;
  run.name = path_.filename().native();
  run.length = at_;
  run.sum = sum_;
  run.pieces = pieces_.take();
  return run;
}

std::string run_fault(const std::filesystem::path& path, const detail::RunReference& run) {
  const File file(::open(from_start(path).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open() && errno == ENOENT) return "it is missing";
  struct stat status {};
  if (!file.is_open() || ::fstat(file.fd(), &status) != 0) throw_disk_error(errno, "read", path);
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size != run.length) return std::to_string(size) + " bytes long instead of " + std::to_string(run.length);
  if (size < kLeast) return "it is too short";
  Header header{};
  Frame end;
  read_at(file.fd(), 0, reinterpret_cast<std::byte*>(&header), sizeof header, path);
  read_at(file.fd(), size - sizeof end, reinterpret_cast<std::byte*>(&end), sizeof end, path);
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0) return "it is not a run of keyed data";
  if (header.version != kVersion || header.zero != 0) {
    return "its format has version " + std::to_string(header.version) + ", and this kiln knows " +
           std::to_string(kVersion);
  }
  if (end.length != 0 || end.number != kEndNumber || end.sum != run.sum) return "its end is not what was written";
  return "";
}

}  // namespace kiln::shuffle
