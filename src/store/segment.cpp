#include "store/segment.hpp"

#include "base/start_directory.hpp"
#include "store/commit_rows.hpp"
#include "store/journal_files.hpp"
#include "store/journal_layout.hpp"
#include "store/rejected_count.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace kiln::store {

namespace fs = std::filesystem;

fs::path segment_path(const fs::path& run_directory, const std::string& file) {
  return run_directory / "segments" / file;
}

SegmentFile write_segment(const fs::path& run_directory, Epoch epoch, Rank rank, std::uint64_t number,
                          SegmentContent content, FileOps& ops) {
  CommitEntry commit;
  commit.done = content.units;
  std::vector<Rows> rows = join_tables(std::exchange(content.rows, {}), content.tables);
  if (content.rejected != nullptr) *content.rejected = rejected_in(rows, content.tables);
  put_tables(std::move(rows), content.tables, commit);
  commit.has_partials = !content.partials.empty();
  commit.partials = std::move(content.partials);
  const Schema schema = content.tables.empty() ? Schema() : content.tables.front().schema;
  const Bytes bytes = encode_segment({EntryNumber(), epoch, content.stage, 0, std::move(commit)}, schema);
  const EntryHeader header = read_header(bytes);
  SegmentFile segment{fmt::format("w-{}-r{:04}-{:06}.h5", epoch.value(), rank.value(), number), header.length,
                      header.checksum, std::move(content.units)};
  const fs::path name = segment_path(run_directory, segment.file);
  const fs::path temporary = name.parent_path() / fmt::format("{}{}-{}", layout::kTemporary, segment.file, ::getpid());
  write_durably(ops, temporary, bytes);
  if (ops.rename(temporary.c_str(), name.c_str()) < 0) {
    const int why = errno;
    ops.unlink(temporary.c_str());
    throw StorageError(why, "rename", name);
  }
  sync_folder(ops, name.parent_path());
  return segment;
}

EntryFile open_segment(const fs::path& run_directory, const SegmentFile& segment) {
  EntryFile file(segment_path(run_directory, segment.file));
  if (file.header().type != EntryType::segment || file.header().length != segment.length ||
      file.header().checksum != segment.checksum) {
    throw Damage(fmt::format("segments/{} is not the file that the journal names", segment.file));
  }
  return file;
}

std::uint64_t segment_content(const fs::path& run_directory, const SegmentFile& segment) {
  const auto header = peek_header(segment_path(run_directory, segment.file));
  return header ? std::max(segment.length, header->unpacked) : 0;
}

void read_segment_partials(const fs::path& run_directory, const SegmentFile& segment,
                           const std::function<void(Bytes)>& take) {
  const EntryFile file = open_segment(run_directory, segment);
  for (std::size_t i = 0; i < file.partials(); ++i) take(file.partial(0, i));
}

std::string segment_fault(const fs::path& run_directory, const SegmentFile& segment, bool whole, bool& lost_before) {
  const fs::path path = segment_path(run_directory, segment.file);
  lost_before = false;
  std::error_code error;
  const std::uint64_t size = fs::file_size(from_start(path), error);
  if (error.value() == ENOENT) return "it is missing";
  if (error) throw StorageError(error.value(), "examine", path);
  lost_before = size == 0;
  if (size != kHeaderBytes + segment.length) {
    return fmt::format("{} bytes long instead of {}", size, kHeaderBytes + segment.length);
  }
  if (!whole) return "";
  try {
    open_segment(run_directory, segment);
    return "";
  } catch (const Damage& damage) {
    return damage.what();
  } catch (const StorageError& storage) {
    if (storage.error_number() != ENOENT) throw;
    return "it is missing";
  }
}

void retire_segment(const fs::path& run_directory, const std::string& file, FileOps& ops) {
  const fs::path name = segment_path(run_directory, file);
  const fs::path temporary = name.parent_path() / fmt::format("{}{}-{}", layout::kTemporary, file, ::getpid());
  write_durably(ops, temporary, {});
  if (ops.rename(temporary.c_str(), name.c_str()) < 0) throw StorageError(errno, "rename", name);
  sync_folder(ops, name.parent_path());
}

void remove_other_segments(const fs::path& run_directory, const std::set<std::string>& named, FileOps& ops) noexcept {
  std::error_code error;
  try {
    for (fs::directory_iterator at(from_start(run_directory / "segments"), error), end; !error && at != end;
         at.increment(error)) {
      if (!named.contains(at->path().filename().native())) ops.unlink(at->path().c_str());
    }
  } catch (const std::exception&) {
    return;  // they only take space; the next start tries again
  }
}

}  // namespace kiln::store
