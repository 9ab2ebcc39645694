#include "store/journal_files.hpp"

#include "base/start_directory.hpp"
#include "store/file_ops.hpp"
#include "store/journal_layout.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace kiln::store {
namespace {

namespace fs = std::filesystem;

bool is_gone(const std::error_code& error) {
  return error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory;
}

/// The names in a folder; nothing where it is gone.
std::vector<fs::directory_entry> list_folder(const fs::path& folder) {
  std::vector<fs::directory_entry> found;
  std::error_code error;
  for (fs::directory_iterator at(from_start(folder), error), end; !error && at != end; at.increment(error))
    found.push_back(*at);
  if (error && !is_gone(error)) throw StorageError(error.value(), "list", folder);
  return found;
}

void list_entries(const fs::path& folder, std::uint64_t index, std::uint64_t per_folder, JournalListing& listing) {
  for (const fs::directory_entry& item : list_folder(folder)) {
    const std::string name = item.path().filename().native();
    if (name.starts_with(layout::kTemporary)) {
      listing.temporaries.push_back(item.path());
    } else if (const auto number = layout::parse_entry_name(name);
               number && layout::folder_of(*number, per_folder) == index) {
      listing.entries.try_emplace(*number, item.path());
    }
  }
}

EntryFile expect_number(EntryFile file, EntryNumber number) {
  const EntryHeader& header = file.header();
  if (header.type == EntryType::merged || header.type == EntryType::tombstone) throw Damage("not an entry");
  if (header.number != number)
    throw Damage(fmt::format("it is entry {}, put under another name", header.number.value()));
  return file;
}

}  // namespace

EntryNumber JournalListing::highest(std::uint64_t per_folder) const {
  EntryNumber result;
  if (!entries.empty()) result = entries.rbegin()->first;
  if (!tombstones.empty()) result = std::max(result, EntryNumber((*tombstones.rbegin() + 1) * per_folder - 1));
  return result;
}

JournalListing list_journal(const fs::path& run_directory, std::uint64_t per_folder) {
  JournalListing listing;
  const fs::path journal = run_directory / "journal";
  for (const fs::directory_entry& item : list_folder(journal)) {
    const std::string name = item.path().filename().native();
    std::error_code error;
    const bool is_folder = item.is_directory(error);
    if (error && !is_gone(error)) throw StorageError(error.value(), "examine", item.path());
    if (name.starts_with(layout::kTemporary)) {
      listing.temporaries.push_back(item.path());
    } else if (const auto folder = layout::parse_folder_name(name)) {
      (is_folder ? listing.folders : listing.tombstones).insert(*folder);
    } else if (const auto retired = layout::parse_retired_name(name)) {
      listing.retired.insert(*retired);
    }
  }
  for (const std::uint64_t folder : listing.folders) {
    list_entries(journal / layout::folder_name(folder), folder, per_folder, listing);
  }
  for (const std::uint64_t folder : listing.retired) {
    list_entries(journal / layout::retired_name(folder), folder, per_folder, listing);
  }
  return listing;
}

std::optional<EntryHeader> peek_header(const fs::path& path) {
  const int fd = ::open(from_start(path).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT || errno == ENOTDIR) return std::nullopt;
    throw StorageError(errno, "open", path);
  }
  std::array<std::byte, kHeaderBytes> block{};
  std::size_t filled = 0;
  ssize_t got = 1;
  while (filled < block.size() && got > 0) {
    got = ::read(fd, block.data() + filled, block.size() - filled);
    if (got < 0 && errno == EINTR) {
      got = 1;  // once more
    } else if (got > 0) {
      filled += static_cast<std::size_t>(got);
    }
  }
  ::close(fd);
  try {
    return read_header(ByteView(block).first(filled));
  } catch (const Damage&) {
    return std::nullopt;
  }
}

EntryFile open_entry(const fs::path& run_directory, EntryNumber number, std::uint64_t per_folder) {
  try {
    return expect_number(EntryFile(run_directory / layout::entry_path(number, per_folder)), number);
  } catch (const StorageError& error) {
    if (error.error_number() != ENOENT && error.error_number() != ENOTDIR) throw;
  }
  try {
    return expect_number(EntryFile(run_directory / layout::retired_entry_path(number, per_folder)), number);
  } catch (const StorageError& error) {
    if (error.error_number() != ENOTDIR) throw;
    throw StorageError(ENOENT, "open", run_directory / layout::entry_path(number, per_folder));
  }
}

EntryFile open_merged(const fs::path& run_directory, const CompactionEntry::Merged& merged) {
  EntryFile file(run_directory / "merged" / merged.file);
  const EntryHeader& header = file.header();
  if (header.type != EntryType::merged || header.number != merged.first || header.last != merged.last ||
      header.length != merged.length || header.checksum != merged.checksum) {
    throw Damage("not the merged file that the journal names");
  }
  return file;
}

bool covers(const std::vector<CompactionEntry::Merged>& merged, EntryNumber first, EntryNumber last) {
  EntryNumber open = first;
  for (const CompactionEntry::Merged& range : merged) {
    if (range.first <= open && open <= range.last) open = range.last.next();
    if (open > last) return true;
  }
  return false;
}

}  // namespace kiln::store
