#pragma once

#include "base/time.hpp"
#include "job/ask.hpp"
#include "job/environment.hpp"
#include "job/run_options.hpp"
#include "schedule/time_limit.hpp"

#include <optional>
#include <string>
#include <string_view>

/// When a run is to stop by itself, since its job ends then. All times are Unix seconds.
namespace kiln::job {

/// "never", "2h" (from `now` on), "2026-11-22T10:00", "10:00" or "10:00:00" (the next such time of day, here); "auto"
/// is what the job says. Throws kiln::Error (usage) that begins with `option` and names the forms.
Until parse_until(std::string_view option, std::string_view text, double now);

/// When all must have ended.
struct EndOfJob {
  double time = 0;
  bool asked = false;  ///< by --until; else Slurm ends the job then
};

/// As --until or Slurm has it, whichever comes first; --until never switches both off. `squeue`: its path, or "", for a
/// Slurm that does not say in the environment. Nothing where there is no end.
std::optional<EndOfJob> end_of_job(const Until& until, const Environment& environment, const std::string& squeue,
                                   const Ask& ask, double now);

/// When nothing more may run, so that a run which ends at `end` has time to commit and to leave: the grace that running
/// units get, and a twentieth of the time, 2 s to 150 s.
double stop_before(double end, double now, Duration grace);

/// Of this process: as its launcher says, else by its own environment and options.
std::optional<double> stop_time(const RunOptions& options, const Environment& environment, double now);

/// The same for the coordinator.
std::optional<schedule::TimeLimit> time_limit(const RunOptions& options, const Environment& environment);

/// What to say where a time limit is shorter than what it must hold; "" where it is not.
std::string limit_warning(double stop, double now, const std::optional<Duration>& timeout);

}  // namespace kiln::job
