#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::units {

/// What a task file says of a unit's tries. What is not set is as the command line says.
struct UnitLimits {
  std::optional<Duration> timeout;       ///< of one try; zero: none
  std::optional<std::uint32_t> retries;  ///< extra tries
  std::optional<std::int32_t> priority;  ///< higher ones run first; 0 without

  bool empty() const { return !timeout && !retries && !priority; }
  /// These, and where they say nothing the others.
  UnitLimits over(const UnitLimits& others) const;
  friend bool operator==(const UnitLimits&, const UnitLimits&) = default;
};

inline constexpr std::uint64_t kMostUnitRetries = 1'000'000;
inline constexpr std::int32_t kHighestPriority = 1'000'000;

/// Limits of units by their place; memory goes by the number of changes from one place to the next.
class LimitList {
 public:
  /// They hold from this place on. Places are given in ascending order.
  void set_from(std::uint64_t place, const UnitLimits& limits);
  const UnitLimits& at(std::uint64_t place) const;
  /// Nothing is said of any unit.
  bool empty() const { return steps_.empty(); }

 private:
  struct Step {
    std::uint64_t place;
    UnitLimits limits;
  };
  std::vector<Step> steps_;
};

/// A comment that speaks to kiln: `#kiln`, alone or with a blank or colon behind it.
bool is_kiln_directive(std::string_view line);

/// "#kiln timeout=10m retries=2 priority=5". Throws kiln::Error (bad_input) that begins with `where` ("tasks.txt:7")
/// for an unknown key, a bad value, and a key that comes twice.
UnitLimits parse_kiln_directive(std::string_view text, const std::string& where);

}  // namespace kiln::units
