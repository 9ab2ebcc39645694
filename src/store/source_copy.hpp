#pragma once

#include <kiln/detail/bytes.hpp>
#include "store/entry.hpp"

#include <filesystem>
#include <optional>
#include <string>

/// What is kept below source/: for each version the file as it was given, and the source entry once more, from which a
/// damaged one is rebuilt.
namespace kiln::store {

/// source/<version> and source/<version>.units, both on disk on return; to be called before the entry is linked.
/// Throws StorageError.
void write_source_copy(const std::filesystem::path& run_directory, const SourceEntry& entry, ByteView copy);

/// The file as it was given. Throws kiln::Error (run_directory) where it is missing or differs from the fingerprint.
Bytes read_source_copy(const std::filesystem::path& run_directory, const SourceEntry& entry);

/// The first 256 KiB of the newest source/<version>, undamaged or not; nothing where there is none that can be read.
std::optional<std::string> newest_source_beginning(const std::filesystem::path& run_directory);

/// The entry of that version; nothing where its file is missing or damaged.
std::optional<SourceEntry> rebuild_source_entry(const std::filesystem::path& run_directory, std::uint32_t version);

}  // namespace kiln::store
