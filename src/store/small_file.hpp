#pragma once

#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

/// Small text files that are written whole and read whole.
namespace kiln::store {

/// Temporaries of this room begin so; leftovers may be removed by the run's owner.
inline constexpr std::string_view kTemporaryPrefix = ".kiln-tmp-";
/// Of these, the files through which outputs go to whoever prints them.
inline constexpr std::string_view kPrintPrefix = ".kiln-tmp-print-";

/// Nothing where the file does not exist. Throws kiln::Error (run_directory) where it cannot be read or is larger than
/// `limit` bytes.
std::optional<std::string> read_small_file(const std::filesystem::path& path, std::size_t limit = 1 << 20);

enum class Durable { no, yes };

/// Readers see the old text or the new one, never a part. Durable::yes: the new one is on disk on return. Throws
/// StorageError; the old text then still stands.
void write_replaced(const std::filesystem::path& path, std::string_view text, Durable durable);

/// As write_replaced with Durable::yes, but never over an existing file: false, with nothing changed, where there is
/// one.
bool write_new(const std::filesystem::path& path, std::string_view text);

/// Removes temporaries that a process of this room left in the directory, but for names that begin with one of `but`.
/// Errors are ignored: they do no harm.
void remove_temporaries(const std::filesystem::path& directory,
                        std::initializer_list<std::string_view> but = {}) noexcept;

}  // namespace kiln::store
