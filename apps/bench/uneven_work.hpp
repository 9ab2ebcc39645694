#pragma once

#include <cstdint>

namespace kiln::bench {

/// Uses the processor for about so many microseconds on average (of a core of 3 GHz), the longest unit ten times as
/// long as the shortest. It is a fixed number of steps, each in need of the one before, so that neither a clock has to
/// be read nor what others take of the processor counts as work.
inline double uneven_work(std::uint64_t unit, double microseconds) {
  constexpr double kStepsPerMicrosecond = 750;
  const std::uint64_t mixed = (unit * 0x9E3779B97F4A7C15ULL) >> 40;
  const double share = (2 + 18 * static_cast<double>(mixed) / static_cast<double>(1U << 24)) / 11;
  std::uint64_t value = unit;
  for (auto steps = static_cast<std::uint64_t>(kStepsPerMicrosecond * microseconds * share); steps > 0; --steps) {
    value = value * 0x5851F42D4C957F2DULL + 0x14057B7EF767814FULL;
  }
  return static_cast<double>(value >> 32);
}

}  // namespace kiln::bench
