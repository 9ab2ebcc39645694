#pragma once

#include <cstddef>
#include <filesystem>

namespace kiln::job {

/// Bytes of slices that a worker may keep for later stages (flow::SliceCache): a quarter of the memory of the machine,
/// or of the control group around this process where that has less, shared by the ranks on the machine (at least 1). 0
/// where the memory is not known. `root` is where proc and sys are ("/").
std::size_t slice_cache_bytes(const std::filesystem::path& root, unsigned ranks_here);

}  // namespace kiln::job
