#pragma once

#include <kiln/ids.hpp>

#include <filesystem>
#include <optional>

/// 40 bytes behind the HDF5 data of results.h5, which HDF5 does not look at: by them a reader knows, without giving
/// HDF5 bytes that nobody verified, that the file is complete and from which journal number it was made.
namespace kiln::store {

/// Appends the trailer; the file is on disk on return. Throws StorageError.
void append_results_trailer(const std::filesystem::path& file, EntryNumber made_from);

/// The journal's number that a results file was made from; nothing where the file is missing, cut, or without trailer.
std::optional<EntryNumber> results_made_from(const std::filesystem::path& file);

}  // namespace kiln::store
