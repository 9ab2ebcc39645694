#include "flow/line_ends.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace kiln::flow {
namespace {

constexpr std::size_t kLanes = 64;    // compilers make vectors of them
constexpr std::size_t kRounds = 255;  // until one could overflow

}  // namespace

std::uint64_t count_line_ends(std::string_view text) {
  std::uint64_t total = 0;
  const char* at = text.data();
  std::size_t left = text.size();
  while (left >= kLanes) {
    std::array<std::uint8_t, kLanes> counts{};
    const std::size_t rounds = std::min(left / kLanes, kRounds);
    for (std::size_t round = 0; round < rounds; ++round, at += kLanes) {
      for (std::size_t lane = 0; lane < kLanes; ++lane) {
        counts[lane] = static_cast<std::uint8_t>(counts[lane] + (at[lane] == '\n' ? 1 : 0));
      }
    }
    for (const std::uint8_t count : counts) total += count;
    left -= rounds * kLanes;
  }
  return total + static_cast<std::uint64_t>(std::count(at, at + left, '\n'));
}

}  // namespace kiln::flow
