#pragma once

#include "store/entry_file.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <vector>

/// What lies in a journal's folders, by names and headers only.
namespace kiln::store {

struct JournalListing {
  std::map<EntryNumber, std::filesystem::path> entries;  ///< absolute; those in old-NNN where NNN is gone too
  std::set<std::uint64_t> folders;                       ///< journal/NNN as a folder
  std::set<std::uint64_t> tombstones;                    ///< journal/NNN as a file
  std::set<std::uint64_t> retired;                       ///< journal/old-NNN
  std::vector<std::filesystem::path> temporaries;        ///< of dead writers, or of the living one

  /// The highest number that was ever linked, as far as names tell. 0: none.
  EntryNumber highest(std::uint64_t per_folder) const;
};

/// Throws StorageError. A folder that vanishes meanwhile is left out.
JournalListing list_journal(const std::filesystem::path& run_directory, std::uint64_t per_folder);

/// The header of a file, its own checksum verified; nothing where it is damaged, cut or gone. Throws StorageError,
/// kiln::Error (run_directory) for a newer format.
std::optional<EntryHeader> peek_header(const std::filesystem::path& path);

/// The verified entry at `number`, also while its folder is being retired. Throws Damage also where the file holds
/// another number or no entry; StorageError with ENOENT where there is none.
EntryFile open_entry(const std::filesystem::path& run_directory, EntryNumber number, std::uint64_t per_folder);

/// A verified merged file; Damage where it is not the one the list names.
EntryFile open_merged(const std::filesystem::path& run_directory, const CompactionEntry::Merged& merged);

/// Whether every number of [first, last] is in one of the ranges.
bool covers(const std::vector<CompactionEntry::Merged>& merged, EntryNumber first, EntryNumber last);

}  // namespace kiln::store
