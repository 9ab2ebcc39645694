#pragma once

#include "flow/plain_file.hpp"
#include "units/line_files.hpp"

#include <cstdint>
#include <string>

namespace kiln::flow {

/// Looks at a file: size, time, checksum of its first and last 64 KiB, and how it is packed, which its first bytes
/// tell; where they do not but it is called .gz or .zst it counts as packed (and damaged), so that a broken file is not
/// read as lines. Throws kiln::Error (bad_input) where it cannot be read, and for xz, bzip2 and lz4.
units::LineFile look_at(const std::string& path);
/// The same of a file that is taken as it is, whatever its bytes look like.
units::LineFile look_at_plain(const std::string& path);

/// Checksum of the first and last 64 KiB of a file of that size. Moves where the file is read.
std::uint64_t ends_checksum(PlainFile& file, std::uint64_t size);

/// How a file that changed is different from before, by its sizes: completes "it is …".
std::string change_of(std::uint64_t size_before, std::uint64_t size_now);

}  // namespace kiln::flow
