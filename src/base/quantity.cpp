#include "base/quantity.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace kiln {
namespace {

struct Unit {
  std::string_view name;
  double factor;
};

constexpr std::array<Unit, 7> kTimeUnits{
    {{"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}}};
constexpr double kKi = 1024;
constexpr std::array<Unit, 15> kSizeUnits{{{"", 1},
                                           {"B", 1},
                                           {"K", kKi},
                                           {"KiB", kKi},
                                           {"kB", 1e3},
                                           {"KB", 1e3},
                                           {"M", kKi* kKi},
                                           {"MiB", kKi* kKi},
                                           {"MB", 1e6},
                                           {"G", kKi* kKi* kKi},
                                           {"GiB", kKi* kKi* kKi},
                                           {"GB", 1e9},
                                           {"T", kKi* kKi* kKi* kKi},
                                           {"TiB", kKi* kKi* kKi* kKi},
                                           {"TB", 1e12}}};

// A number without sign or exponent at the front of `text`, which it is cut off from.
std::optional<double> take_number(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_not_of("0123456789."), text.size());
  double value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + end, value);
  if (end == 0 || error != std::errc{} || rest != text.data() + end) return std::nullopt;
  text.remove_prefix(end);
  return value;
}

template <std::size_t N>
std::optional<double> take_unit(std::string_view& text, const std::array<Unit, N>& known) {
  const std::string_view name = text.substr(0, std::min(text.find_first_of("0123456789."), text.size()));
  for (const Unit& unit : known) {
    if (unit.name == name) {
      text.remove_prefix(name.size());
      return unit.factor;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  double seconds = 0;
  for (bool first = true; !text.empty(); first = false) {
    const auto number = take_number(text);
    if (!number) return std::nullopt;
    if (first && text.empty()) return *number <= 9.0e9 ? std::optional(from_seconds(*number)) : std::nullopt;
    const auto factor = take_unit(text, kTimeUnits);
    if (!factor) return std::nullopt;
    seconds += *number * *factor;
  }
  if (seconds > 9.0e9) return std::nullopt;  // 2^63 ns
  return from_seconds(seconds);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const auto number = take_number(text);
  if (!number) return std::nullopt;
  const auto factor = take_unit(text, kSizeUnits);
  if (!factor || !text.empty()) return std::nullopt;
  const double bytes = *number * *factor;
  if (bytes >= 9.2e18) return std::nullopt;
  return static_cast<std::uint64_t>(bytes);
}

std::optional<std::uint64_t> parse_count(std::string_view text) {
  std::uint64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || rest != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string format_duration(Duration duration) {
  const double seconds = to_seconds(duration);
  if (seconds < 0.0995) return fmt::format("{:.0f} ms", seconds * 1e3);
  if (seconds < 99.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::uint64_t>(std::llround(seconds));
  if (whole < 3600) return fmt::format("{}m {:02}s", whole / 60, whole % 60);
  if (whole < 86400) return fmt::format("{}h {:02}m", whole / 3600, whole % 3600 / 60);
  return fmt::format("{}d {:02}h", whole / 86400, whole % 86400 / 3600);
}

std::string format_size(std::uint64_t bytes) {
  if (bytes < 1024) return fmt::format("{} B", bytes);
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  constexpr std::array<std::string_view, 7> kNames{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  while (value >= 1023.95 && unit + 1 < kNames.size()) {
    value /= 1024;
    ++unit;
  }
  return fmt::format("{:.1f} {}", value, kNames[unit]);
}

std::string format_count(std::uint64_t count) {
  const std::string digits = std::to_string(count);
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i != 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

}  // namespace kiln
