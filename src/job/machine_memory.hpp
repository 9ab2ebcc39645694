#pragma once

#include <cstdint>
#include <filesystem>

namespace kiln::job {

/// Bytes of memory of the machine, or of the control group around this process where that has less; 0 where neither is
/// known. `root` is where proc and sys are ("/").
std::uint64_t machine_memory(const std::filesystem::path& root);

}  // namespace kiln::job
