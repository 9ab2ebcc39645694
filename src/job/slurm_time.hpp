#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace kiln::job {

/// A time limit of Slurm; nothing: unlimited.
using TimeLimit = std::optional<std::chrono::seconds>;

/// Slurm's forms: minutes, M:S, H:M:S, D-H, D-H:M, D-H:M:S; "UNLIMITED", "INFINITE" and 0 are no limit. Throws
/// kiln::Error (usage) that begins with `option`, names the forms and points at the character.
TimeLimit parse_slurm_time(std::string_view option, std::string_view text);

/// As Slurm itself writes it: "2:00:00", "1-12:00:00", "UNLIMITED".
std::string format_slurm_time(const TimeLimit& time);

}  // namespace kiln::job
