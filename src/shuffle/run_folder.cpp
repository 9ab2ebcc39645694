#include "shuffle/run_folder.hpp"

#include "base/start_directory.hpp"
#include "shuffle/merge_file.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <kiln/error.hpp>
#include <system_error>
#include <utility>

namespace kiln::shuffle {
namespace {

namespace fs = std::filesystem;

class PieceReader final : public detail::RunReader {
 public:
  PieceReader(RunFolder& folder, std::string name, const detail::RunPiece& piece)
      : folder_(&folder), name_(std::move(name)), piece_(piece), at_(piece.offset) {}

  bool next(std::string_view& block) override {
    const std::uint64_t end = piece_.offset + piece_.length;
    if (at_ == end) return false;
    try {
      read_block(folder_->file(name_)->fd(), folder_->path(name_), at_, end, block_number(piece_.shard, blocks_++),
                 room_);
    } catch (const Error&) {
      folder_->set_aside(name_);
      throw;
    }
    block = as_text(room_);
    return true;
  }
  std::size_t bytes() const override { return std::min<std::uint64_t>(piece_.length, detail::kRunBlock); }

 private:
  RunFolder* folder_;
  std::string name_;
  detail::RunPiece piece_;
  std::uint64_t at_;
  std::uint32_t blocks_ = 0;
  Bytes room_;
};

}  // namespace

RunFolder::RunFolder(Options options) : options_(std::move(options)), begun_(std::chrono::steady_clock::now()) {}

std::unique_ptr<detail::NewRun> RunFolder::new_run() {
  if (::mkdir(from_start(options_.folder).c_str(), 0777) != 0 && errno != EEXIST) {
    throw_disk_error(errno, "make", options_.folder);
  }
  const bool durable = std::chrono::steady_clock::now() - begun_ >= options_.durable_after;
  return std::make_unique<RunFileWriter>(path(fmt::format("{}{:06}.run", options_.prefix, ++number_)), durable);
}

std::unique_ptr<detail::RunReader> RunFolder::open(const detail::RunReference& run, const detail::RunPiece& piece) {
  return std::make_unique<PieceReader>(*this, run.name, piece);
}

std::unique_ptr<detail::MergeSpace> RunFolder::merge_space() {
  return std::make_unique<MergeFile>(options_.folder, options_.merge_memory, [this](const Error& error) {
    const std::lock_guard lock(mutex_);
    fault_ = error;
  });
}

void RunFolder::expect_well() {
  const std::lock_guard lock(mutex_);
  if (fault_) throw Error(*std::exchange(fault_, std::nullopt));
}

std::shared_ptr<const File> RunFolder::file(const std::string& name) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(open_.begin(), open_.end(), [&](const auto& one) { return one.first == name; });
  if (found != open_.end()) {
    open_.splice(open_.begin(), open_, found);
    return open_.front().second;
  }
  auto file = std::make_shared<const File>(::open(from_start(path(name)).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file->is_open() && errno == ENOENT) {
    throw Error(ExitCode::run_directory,
                fmt::format("{} is missing: `kiln retry` computes what it held anew", path(name).string()));
  }
  if (!file->is_open()) throw_disk_error(errno, "read", path(name));
  open_.emplace_front(name, std::move(file));
  if (open_.size() > kMostOpen) open_.pop_back();
  return open_.front().second;
}

void RunFolder::set_aside(const std::string& name) noexcept {
  try {
    std::error_code ignored;
    fs::rename(from_start(path(name)), from_start(path(name + ".damaged")), ignored);
  } catch (const std::exception&) {
    return;  // it is met again
  }
}

std::string first_fault(const fs::path& folder, const std::vector<detail::RunReference>& runs) {
  for (const detail::RunReference& run : runs) {
    if (run.name.empty()) continue;
    if (std::string why = run_fault(folder / run.name, run); !why.empty()) {
      return fmt::format("{}: {}", (folder / run.name).string(), why);
    }
  }
  return "";
}

void remove_other_runs(const fs::path& folder, const std::string& prefix, const std::set<std::string>& named) noexcept {
  try {
    std::error_code error;
    std::vector<fs::path> others;
    for (fs::directory_iterator at(from_start(folder), error), end; !error && at != end; at.increment(error)) {
      const std::string name = at->path().filename().native();
      if (name.starts_with(prefix) && !named.contains(name)) others.push_back(at->path());
    }
    for (const fs::path& other : others) fs::remove(from_start(other), error);
  } catch (const std::exception&) {
    return;  // they only take space
  }
}

}  // namespace kiln::shuffle
