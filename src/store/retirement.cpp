#include "store/retirement.hpp"

#include "base/start_directory.hpp"
#include "store/entry_header.hpp"
#include "store/journal_layout.hpp"

#include <cerrno>
#include <string>
#include <vector>

namespace kiln::store {
namespace {

namespace fs = std::filesystem;

void link_tombstone(FileOps& ops, const fs::path& journal, const fs::path& name, const EntryHeader& header,
                    const std::string& suffix) {
  Bytes bytes(kHeaderBytes);
  write_header(header, bytes);
  const fs::path temporary = journal / (std::string(layout::kTemporary) + suffix);
  write_durably(ops, temporary, bytes);
  int code = ops.link(temporary.c_str(), name.c_str());
  int why = errno;
  if (code < 0 && why == EEXIST && fs::is_directory(from_start(name))) {
    // A deposed writer made the folder anew in the moment when it was away: it is empty, and stays so.
    if (ops.rmdir(name.c_str()) == 0) {
      code = ops.link(temporary.c_str(), name.c_str());
      why = errno;
    } else {
      why = errno;
    }
  }
  ops.unlink(temporary.c_str());
  if (code < 0 && !fs::is_regular_file(from_start(name))) throw StorageError(why, "link", name);
  sync_folder(ops, journal);
}

void delete_folder(FileOps& ops, const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator at(from_start(folder), error), end; !error && at != end; at.increment(error)) {
    files.push_back(at->path());
  }
  if (error && error != std::errc::no_such_file_or_directory) throw StorageError(error.value(), "list", folder);
  for (const fs::path& file : files) remove_name(ops, file);
  if (ops.rmdir(folder.c_str()) < 0 && errno != ENOENT) throw StorageError(errno, "remove", folder);
}

}  // namespace

void retire_folder(FileOps& ops, const fs::path& run_directory, std::uint64_t folder, std::uint64_t per_folder,
                   const std::string& suffix) {
  const fs::path journal = run_directory / "journal";
  const fs::path name = journal / layout::folder_name(folder);
  const fs::path old = journal / layout::retired_name(folder);
  if (!fs::exists(from_start(old)) && fs::is_directory(from_start(name))) {
    if (ops.rename(name.c_str(), old.c_str()) < 0) throw StorageError(errno, "rename", name);
    sync_folder(ops, journal);
  }
  if (!fs::is_regular_file(from_start(name))) {
    EntryHeader header;
    header.type = EntryType::tombstone;
    header.number = EntryNumber(folder * per_folder);
    header.last = EntryNumber((folder + 1) * per_folder - 1);
    link_tombstone(ops, journal, name, header, suffix);
  }
  delete_folder(ops, old);
}

}  // namespace kiln::store
