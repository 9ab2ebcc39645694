#include "shuffle/merge_file.hpp"

#include "base/start_directory.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

namespace kiln::shuffle {
namespace {

class MergedRun final : public detail::RunReader {
 public:
  MergedRun(std::shared_ptr<const File> file, std::filesystem::path folder, std::uint64_t begin, std::uint64_t end)
      : file_(std::move(file)), folder_(std::move(folder)), at_(begin), end_(end) {}

  bool next(std::string_view& block) override {
    if (at_ == end_) return false;
    read_block(file_->fd(), folder_, at_, end_, blocks_++, room_);
    block = as_text(room_);
    return true;
  }
  std::size_t bytes() const override { return std::min<std::uint64_t>(end_ - at_, detail::kMergeBlock); }

 private:
  std::shared_ptr<const File> file_;
  std::filesystem::path folder_;
  std::uint64_t at_, end_, blocks_ = 0;
  Bytes room_;
};

// Where the file system has no files without names, one whose name is gone at once.
int open_without_name(const std::filesystem::path& folder) {
  const int fd = ::open(from_start(folder).c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return fd;
  std::string name = from_start(folder / "merge-XXXXXX").string();
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(name.c_str());
  return named;
}

}  // namespace

MergeFile::MergeFile(std::filesystem::path folder, std::size_t memory, Failed failed, WriteCall write)
    : folder_(std::move(folder)),
      memory_(memory),
      failed_(std::move(failed)),
      write_(write ? std::move(write) : WriteCall(::write)) {}

void MergeFile::make() {
  if (::mkdir(from_start(folder_).c_str(), 0777) != 0 && errno != EEXIST) throw_disk_error(errno, "make", folder_);
  auto file = std::make_shared<const File>(open_without_name(folder_));
  if (!file->is_open()) throw_disk_error(errno, "make a file in", folder_);
  file_ = std::move(file);
}

void MergeFile::write(std::string_view block) {
  try {
    put(block);
  } catch (const Error& error) {
    failed_(error);
    throw;
  }
}

void MergeFile::put(std::string_view block) {
  if (file_ == nullptr) make();
  const Frame frame = frame_of(blocks_++, as_bytes(block));
  write_block(file_->fd(), frame, as_bytes(block), folder_, write_);
  at_ += sizeof frame + block.size();
}

std::unique_ptr<detail::RunReader> MergeFile::end_run() {
  blocks_ = 0;
  return std::make_unique<MergedRun>(file_, folder_, std::exchange(begin_, at_), at_);
}

}  // namespace kiln::shuffle
