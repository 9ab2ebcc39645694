#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// A square picture in shades of grey, row by row, as a PNG; under its name once it is complete. Throws kiln::Error
/// that names the file.
void write_png(const std::string& path, const std::vector<std::uint8_t>& pixels, std::uint64_t size);
