#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kiln {

/// "500ms", "30s", "1.5m", "2h", "1d", also "1h30m"; a bare number means seconds. Nothing where the text is not a
/// duration, is negative, or does not fit.
std::optional<Duration> parse_duration(std::string_view text);
/// "4096", "64KiB", "64K" (1024), "1.5GiB", "10MB" (1000); bytes. Nothing where the text is not a size or does not fit.
std::optional<std::uint64_t> parse_size(std::string_view text);
/// Digits only, in range; nothing else.
std::optional<std::uint64_t> parse_count(std::string_view text);

/// Short for people: "0.4 s", "12.3 s", "4m 05s", "3h 12m", "2d 04h".
std::string format_duration(Duration duration);
/// "512 B", "64.0 KiB", "1.5 GiB".
std::string format_size(std::uint64_t bytes);
/// "1,234,567".
std::string format_count(std::uint64_t count);

}  // namespace kiln
