#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace wordcount {

/// A text that is the same for every run with this seed: words of which the n-th is about 1/n as frequent as the first,
/// with blanks and line ends between.
std::string make_text(std::uint64_t seed, std::size_t bytes);

/// Writes it, unless the file is there already. Throws std::runtime_error.
void write_text(std::uint64_t seed, std::size_t bytes, const std::filesystem::path& path);

}  // namespace wordcount
