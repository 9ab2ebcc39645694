#pragma once

#include "store/file_ops.hpp"

#include <cstdint>
#include <filesystem>
#include <string>

namespace kiln::store {

/// Takes a folder of the journal, all of whose numbers are covered by merged files that a linked compaction entry
/// names, out of use: journal/NNN becomes journal/old-NNN, a tombstone file is linked at journal/NNN (so that a deposed
/// writer cannot make or find the folder any more), then journal/old-NNN is deleted. Does whatever of this is left to
/// do, so a crash anywhere in between is finished by calling it again. `suffix` makes the temporary's name unique.
/// Throws StorageError.
void retire_folder(FileOps& ops, const std::filesystem::path& run_directory, std::uint64_t folder,
                   std::uint64_t per_folder, const std::string& suffix);

}  // namespace kiln::store
