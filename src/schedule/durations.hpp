#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace kiln::schedule {

/// How long the units of a stage took, as a histogram whose steps are a factor of the square root of two.
class Durations {
 public:
  /// `count` units took `seconds` each, on average. What is no number above 0 counts as the shortest.
  void add(double seconds, std::uint64_t count);
  std::uint64_t count() const { return count_; }
  /// The time within which this share of the units ended (the upper end of its step); nothing where none is known.
  std::optional<double> quantile(double share) const;

 private:
  static constexpr std::size_t kSteps = 96;  // from a nanosecond to about 70 hours

  std::array<std::uint64_t, kSteps> steps_{};
  std::uint64_t count_ = 0;
};

/// After how many seconds a worker that runs `units` units is so late that another one may be given them as well:
/// three times what three quarters of all units take, and a second at least. Nothing where no unit has ended yet.
std::optional<double> late_after(const Durations& durations, std::uint64_t units);

}  // namespace kiln::schedule
