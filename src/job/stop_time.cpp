#include "job/stop_time.hpp"

#include "base/caret.hpp"
#include "base/quantity.hpp"
#include "job/clock.hpp"
#include "job/slurm_job.hpp"
#include "job/slurm_time.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <kiln/error.hpp>

namespace kiln::job {
namespace {

constexpr double kShare = 0.05, kLeast = 2, kMost = 150;  // of the time, to commit and to leave; seconds
constexpr double kDay = 86400, kLongest = 1000 * kDay;

std::optional<double> read_time(const char* form, const std::string& text, std::tm parts) {
  const char* const end = strptime(text.c_str(), form, &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  parts.tm_isdst = -1;
  const std::time_t time = mktime(&parts);
  return time == -1 ? std::nullopt : std::optional(static_cast<double>(time));
}

std::optional<double> time_of_day(const std::string& text, double now) {
  const auto whole = static_cast<std::time_t>(now);
  std::tm today{};
  if (localtime_r(&whole, &today) == nullptr) return std::nullopt;
  today.tm_sec = 0;
  for (const char* form : {"%H:%M:%S", "%H:%M"}) {
    if (const auto time = read_time(form, text, today)) return *time > now ? *time : *time + kDay;
  }
  return std::nullopt;
}

std::optional<double> date(const std::string& text) {
  for (const char* form : {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"}) {
    if (const auto time = read_time(form, text, {})) return time;
  }
  return std::nullopt;
}

std::optional<double> end_in_slurm(const Environment& environment, const std::string& squeue, const Ask& ask,
                                   double now) {
  if (environment.slurm_job_end) return environment.slurm_job_end;
  const auto job = ask_job(squeue, environment.slurm_job_id, ask);
  if (!job || job->left.empty()) return std::nullopt;
  try {
    const TimeLimit left = parse_slurm_time("squeue", job->left);
    return left ? std::optional(now + to_seconds(*left)) : std::nullopt;
  } catch (const Error&) {  // "UNLIMITED" in words that are not known here
    return std::nullopt;
  }
}

}  // namespace

Until parse_until(std::string_view option, std::string_view text, double now) {
  if (text == "auto") return {};
  if (text == "never") return {Until::Kind::never, 0, ""};
  const std::string copy(text);
  if (const auto time = date(copy)) return {Until::Kind::at, *time, copy};
  if (const auto time = time_of_day(copy, now)) return {Until::Kind::at, *time, copy};
  if (const auto duration = parse_duration(text); duration && *duration > Duration::zero()) {
    return {Until::Kind::at, now + to_seconds(*duration), copy};
  }
  throw Error(ExitCode::usage,
              with_caret(fmt::format("{} takes a time from now on (2h, 90m), a time of day (18:00), a date and time "
                                     "(2026-11-22T10:00), never, or auto",
                                     option),
                         text, 0));
}

std::optional<EndOfJob> end_of_job(const Until& until, const Environment& environment, const std::string& squeue,
                                   const Ask& ask, double now) {
  if (until.kind == Until::Kind::never) return std::nullopt;
  const auto end = end_in_slurm(environment, squeue, ask, now);
  if (until.kind == Until::Kind::at && end.value_or(until.time) >= until.time) return EndOfJob{until.time, true};
  return end ? std::optional(EndOfJob{*end, false}) : std::nullopt;
}

double stop_before(double end, double now, Duration grace) {
  return end - to_seconds(grace) - std::clamp((end - now) * kShare, kLeast, kMost);
}

std::optional<double> stop_time(const RunOptions& options, const Environment& environment, double now) {
  if (environment.launched()) return environment.stop_time;
  const auto end = end_of_job(options.until, environment, "", {}, now);
  return end ? std::optional(stop_before(end->time, now, options.grace)) : std::nullopt;
}

std::optional<schedule::TimeLimit> time_limit(const RunOptions& options, const Environment& environment) {
  const double begun = wall_seconds();
  const auto stop = stop_time(options, environment, begun);
  if (!stop) return std::nullopt;
  const double left = std::clamp(*stop - begun, -1.0, kLongest);
  return schedule::TimeLimit{now() + from_seconds(left), options.timeout};
}

std::string limit_warning(double stop, double now, const std::optional<Duration>& timeout) {
  if (stop <= now) {
    return "the end of this job is so near that nothing is begun: kiln needs the time to commit and to leave (--until "
           "never tries all the same)";
  }
  if (!timeout || to_seconds(*timeout) <= stop - now) return "";
  return fmt::format(
      "this job has {} for commands, and --timeout lets one run for {}: one that takes so long is cut off "
      "at the end of the job and begins anew in the next",
      format_duration(from_seconds(stop - now)), format_duration(*timeout));
}

}  // namespace kiln::job
