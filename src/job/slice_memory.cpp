#include "job/slice_memory.hpp"

#include "job/machine_memory.hpp"

#include <algorithm>
#include <cstdint>

namespace kiln::job {
namespace {

constexpr std::uint64_t kShare = 4;

}  // namespace

std::size_t slice_cache_bytes(const std::filesystem::path& root, unsigned ranks_here) {
  return static_cast<std::size_t>(machine_memory(root) / kShare / std::max(ranks_here, 1U));
}

}  // namespace kiln::job
