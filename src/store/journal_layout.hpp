#pragma once

#include <kiln/ids.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

/// Where things are in a run directory's journal.
namespace kiln::store::layout {

/// Number of the folder that holds an entry.
inline std::uint64_t folder_of(EntryNumber number, std::uint64_t per_folder) { return number.value() / per_folder; }
std::string folder_name(std::uint64_t folder);   ///< "000"
std::string retired_name(std::uint64_t folder);  ///< "old-000"
std::string entry_name(EntryNumber number);      ///< "000000017.h5"

/// journal/NNN/nnnnnnnnn.h5, relative to the run directory.
std::filesystem::path entry_path(EntryNumber number, std::uint64_t per_folder);
/// The same in a folder that is being retired.
std::filesystem::path retired_entry_path(EntryNumber number, std::uint64_t per_folder);

/// Nothing where the name is not of that kind.
std::optional<EntryNumber> parse_entry_name(std::string_view name);
std::optional<std::uint64_t> parse_folder_name(std::string_view name);
std::optional<std::uint64_t> parse_retired_name(std::string_view name);
/// Names of temporaries begin with this, in every folder of a run directory.
inline constexpr std::string_view kTemporary = "tmp-";

}  // namespace kiln::store::layout
