#include "store/open_files.hpp"

#include <algorithm>

namespace kiln::store {

const EntryFile& OpenFiles::get(const std::filesystem::path& path) {
  const auto found =
      std::find_if(open_.begin(), open_.end(), [&](const Open& open) { return open.file->path() == path; });
  if (found != open_.end()) {
    open_.splice(open_.begin(), open_, found);
    return *open_.front().file;
  }
  auto file = std::make_unique<EntryFile>(path);
  const std::uint64_t bytes = file->header().length;
  while (!open_.empty() && (bytes_ + bytes > budget_ || open_.size() >= most_)) {
    bytes_ -= open_.back().bytes;
    open_.pop_back();
  }
  bytes_ += bytes;
  open_.push_front({std::move(file), bytes});
  return *open_.front().file;
}

}  // namespace kiln::store
