#include "shuffle/run_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <kiln/error.hpp>
#include <span>
#include <utility>

namespace kiln::shuffle {
namespace {

constexpr char kMagic[8] = {'K', 'I', 'L', 'N', 'R', 'U', 'N', '\n'};
constexpr std::uint32_t kVersion = 1;
constexpr std::uint64_t kLongestLabel = std::uint64_t{1} << 30;

struct Header {
  char magic[8];
  std::uint32_t version, shard;
  std::uint64_t about_size, about_sum, sum;  // sum: of the header before it
};
static_assert(sizeof(Header) == 40);

std::uint64_t sum_of(const Header& header) {
  return checksum(std::as_bytes(std::span(&header, 1)).first(offsetof(Header, sum)));
}

WriteCall or_system(WriteCall write) { return write ? std::move(write) : WriteCall(::write); }

File open_new(const std::filesystem::path& path) {
  File file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!file.is_open()) throw_disk_error(errno, "make", path);
  return file;
}

File open_nameless(const std::filesystem::path& folder) {
  File file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (file.is_open()) return file;
  // File systems that know no files without a name.
  std::string name = (folder / "join-XXXXXX").string();
  file = File(::mkostemp(name.data(), O_CLOEXEC));
  if (!file.is_open()) throw_disk_error(errno, "make a file in", folder);
  ::unlink(name.c_str());
  return file;
}

/// Opens a run, reads its header and label; where the blocks begin.
std::uint64_t read_head(const std::filesystem::path& path, File& file, RunLabel& label) {
  file = File(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) throw_disk_error(errno, "read", path);
  ::posix_fadvise(file.fd(), 0, 0, POSIX_FADV_SEQUENTIAL);
  Header header{};
  if (read_at(file.fd(), 0, reinterpret_cast<std::byte*>(&header), sizeof header, path) != sizeof header) {
    throw_damaged(path, 0, "it is too short for a run of keyed data");
  }
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0) throw_damaged(path, 0, "it is not a run of keyed data");
  if (header.version != kVersion) {
    throw Error(ExitCode::run_directory, path.string() + " has version " + std::to_string(header.version) +
                                             " of the format of runs, and this kiln knows " + std::to_string(kVersion) +
                                             ": use the kiln that wrote it, or begin with a new --out");
  }
  if (header.sum != sum_of(header)) throw_damaged(path, 0, "its header has not its checksum");
  const off_t size = ::lseek(file.fd(), 0, SEEK_END);
  if (size < 0) throw_disk_error(errno, "read", path);
  if (header.about_size > kLongestLabel || header.about_size > static_cast<std::uint64_t>(size) - sizeof header) {
    throw_damaged(path, sizeof header, "it is cut off");
  }
  label.shard = header.shard;
  label.about.resize(header.about_size);
  if (read_at(file.fd(), sizeof header, label.about.data(), label.about.size(), path) != label.about.size() ||
      checksum(label.about) != header.about_sum) {
    throw_damaged(path, sizeof header, "its label has not its checksum");
  }
  return sizeof header + header.about_size;
}

}  // namespace

RunFileWriter::RunFileWriter(std::filesystem::path path, const RunLabel& label, WriteCall write)
    : path_(std::move(path)), write_(or_system(std::move(write))), file_(open_new(path_)) {
  Header header{};
  std::copy_n(kMagic, sizeof kMagic, header.magic);
  header.version = kVersion;
  header.shard = label.shard;
  header.about_size = label.about.size();
  header.about_sum = checksum(label.about);
  header.sum = sum_of(header);
  try {
    write_all(file_.fd(), std::as_bytes(std::span(&header, 1)), path_, write_);
    write_all(file_.fd(), label.about, path_, write_);
  } catch (...) {
    ::unlink(path_.c_str());  // no destructor runs
    throw;
  }
  bytes_ = sizeof header + label.about.size();
}

RunFileWriter::~RunFileWriter() {
  if (file_.is_open()) ::unlink(path_.c_str());
}

void RunFileWriter::write(std::string_view block) {
  if (block.empty()) return;  // an empty one is the end
  write_block(file_.fd(), blocks_++, as_bytes(block), path_, write_);
  bytes_ += block.size();
}

void RunFileWriter::finish(bool durable) {
  write_block(file_.fd(), blocks_, {}, path_, write_);
  if (durable && ::fsync(file_.fd()) != 0) throw_disk_error(errno, "write", path_);
  // Some file systems tell only at a close() that there was no room.
  const int fd = ::dup(file_.fd());
  if (fd < 0 || ::close(fd) != 0) throw_disk_error(errno, "write", path_);
  file_.close();
}

RunFileReader::RunFileReader(std::filesystem::path path)
    : path_(std::move(path)), blocks_([this] {
        const std::uint64_t begin = read_head(path_, file_, label_);
        return BlockReader(file_.fd(), path_, begin);
      }()) {}

bool RunFileReader::next(std::string_view& block) {
  ByteView bytes;
  const bool any = blocks_.next(bytes);
  block = as_text(bytes);
  return any;
}

TemporaryRun::TemporaryRun(const std::filesystem::path& folder, WriteCall write)
    : folder_(folder),
      write_(or_system(std::move(write))),
      file_(open_nameless(folder)),
      blocks_(file_.fd(), folder_ / "(a nameless file)", 0) {}

void TemporaryRun::write(std::string_view block) {
  if (!block.empty()) write_block(file_.fd(), written_++, as_bytes(block), folder_, write_);
}

void TemporaryRun::rewind() {
  if (!ended_) write_block(file_.fd(), written_, {}, folder_, write_);
  ended_ = true;
  blocks_.rewind();
}

bool TemporaryRun::next(std::string_view& block) {
  ByteView bytes;
  const bool any = blocks_.next(bytes);
  block = as_text(bytes);
  return any;
}

}  // namespace kiln::shuffle
