#include "status_text.hpp"

#include "base/quantity.hpp"
#include "base/text.hpp"
#include "observe/summary.hpp"
#include "stage_lines.hpp"

#include <fmt/chrono.h>
#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <nlohmann/json.hpp>

namespace kiln::cli {
namespace {

using protocol::Outcome;

constexpr std::size_t kStagesShown = 12;

std::string_view describe(Outcome outcome) {
  switch (outcome) {
    case Outcome::complete:
      return "every unit is done";
    case Outcome::units_failed:
      return "some units failed";
    case Outcome::too_many_failures:
      return "stopped, as more units failed than --max-failures allows";
    case Outcome::interrupted:
      return "stopped early";
    case Outcome::storage:
      return "stopped, as a file of the run could not be written";
    case Outcome::fault:
      return "stopped, as the program could not go on";
    case Outcome::held_up:
      return "stopped, as every rank that lives is in a unit that it was told to leave";
    case Outcome::cut_off:
      return "cut off: mpirun ended the ranks";
  }
  return "unknown";
}

std::string_view word(Outcome outcome) {
  switch (outcome) {
    case Outcome::complete:
      return "complete";
    case Outcome::units_failed:
      return "units_failed";
    case Outcome::too_many_failures:
      return "too_many_failures";
    case Outcome::interrupted:
      return "interrupted";
    case Outcome::storage:
      return "storage";
    case Outcome::fault:
      return "fault";
    case Outcome::held_up:
      return "held_up";
    case Outcome::cut_off:
      return "cut_off";
  }
  return "unknown";
}

std::string local_time(double unix_seconds) {
  if (!std::isfinite(unix_seconds) || std::abs(unix_seconds) > 1e11) return "?";
  const auto whole = static_cast<std::time_t>(unix_seconds);
  std::tm parts{};
  if (::localtime_r(&whole, &parts) == nullptr) return "?";
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", parts);
}

std::uint64_t left_to_do(const observe::UnitTotals& t) { return t.units - std::min(t.units, t.done + t.failed); }

std::string ranks_text(const observe::StatusSnapshot& s) {
  if (s.ranks.empty()) return "";
  std::string out = fmt::format("  {:>11}  {:<20}  {:<12}  {:>10}  {:>6}  {:>7}\n", "rank", "host", "state", "units",
                                "busy", "in hand");
  for (const observe::RankStatus& r : s.ranks) {
    out +=
        fmt::format("  {:>11}  {:<20}  {:<12}  {:>10}  {:>6}  {:>7}\n", r.rank, for_message(r.host, 20),
                    for_message(r.state, 12), format_count(r.units_done), busy_share(s, r.busy_seconds, 1), r.running);
  }
  for (const observe::RankGroup& g : s.groups) {
    out += fmt::format("  {:>11}  {:<20}  {:<12}  {:>10}  {:>6}  {:>7}\n", fmt::format("{}-{}", g.first, g.last),
                       fmt::format("({} ranks)", g.ranks), "", format_count(g.units_done),
                       busy_share(s, g.busy_seconds, g.ranks), g.running);
  }
  return out;
}

std::string slowest_text(const observe::StatusSnapshot& s) {
  if (s.slowest.empty()) return "";
  std::string out = fmt::format("  {:>11}  {:<20}  {:>10}  {}\n", "running", "host", "for about", "command");
  for (const observe::SlowUnit& slow : s.slowest) {
    out += fmt::format("  {:>11}  {:<20}  {:>10}  {}\n", fmt::format("unit {}", slow.unit), for_message(slow.host, 20),
                       time_span(slow.seconds), for_message(slow.command, 80));
  }
  return out;
}

// Of stages that are not begun, as a stage before them has dead letters.
std::uint64_t blocked_units(const std::vector<observe::TaskStageStatus>& stages) {
  std::uint64_t blocked = 0;
  for (const observe::TaskStageStatus& stage : stages) {
    if (stage.state == schedule::Gates::State::blocked) blocked += stage.units - stage.done - stage.failed;
  }
  return blocked;
}

}  // namespace

std::string time_span(double seconds) {
  return std::isfinite(seconds) ? format_duration(from_seconds(std::clamp(seconds, 0.0, 9.0e9))) : "?";
}

std::string busy_share(const observe::StatusSnapshot& s, double busy_seconds, std::uint64_t ranks) {
  const double elapsed = s.updated - s.started;
  if (!(elapsed > 0) || ranks == 0) return "-";
  const double share = busy_seconds / elapsed / static_cast<double>(ranks) * 100;
  return std::isfinite(share) ? fmt::format("{:.0f} %", std::clamp(share, 0.0, 100.0)) : std::string("-");
}

std::string units_line(const observe::UnitTotals& t) {
  std::string line = fmt::format("  units      {}: {} done", format_count(t.units), format_count(t.done));
  if (t.failed != 0) line += fmt::format(", {} failed", format_count(t.failed));
  if (left_to_do(t) != 0) line += fmt::format(", {} to do", format_count(left_to_do(t)));
  if (t.running != 0) line += fmt::format(", {} of them handed out", format_count(t.running));
  if (t.waiting != 0) line += fmt::format(", {} to be tried again", format_count(t.waiting));
  if (t.removed != 0) line += fmt::format("; {} no longer in the task file", format_count(t.removed));
  return line + "\n";
}

// What is known is the rate of the last seconds, no more: units that take longer than the others are not foreseen.
std::string rate_line(const observe::StatusSnapshot& s, double now) {
  if (left_to_do(s.totals) == 0) return "";
  if (!(s.rate > 0)) return s.totals.running == 0 ? "" : "  rate       unknown: no unit has ended yet\n";
  std::string out = s.rate >= 10 ? fmt::format("  rate       {:.0f} units/s", s.rate)
                                 : fmt::format("  rate       {:.3g} units/s", s.rate);
  if (s.expected_end) {
    out += fmt::format("; at this rate {} left, until about {}", time_span(*s.expected_end - now),
                       local_time(*s.expected_end));
  }
  return out + "\n";
}

std::string commit_line(const observe::StatusSnapshot& s, double now) {
  std::string out = fmt::format("  committed  {} units, {} of results", format_count(s.totals.committed),
                                format_size(s.result_bytes));
  if (s.last_commit) {
    out += fmt::format("; last {} ago, it took {}", time_span(now - *s.last_commit), time_span(s.last_commit_seconds));
  }
  return out + "\n";
}

std::string lost_line(const observe::StatusSnapshot& s) {
  if (s.lost_ranks == 0) return "";
  return fmt::format("  lost       {} rank{}, dead or silent; what {} had in hand runs on the others\n",
                     format_count(s.lost_ranks), s.lost_ranks == 1 ? "" : "s", s.lost_ranks == 1 ? "it" : "they");
}

std::string copies_line(const observe::StatusSnapshot& s) {
  if (s.copies == 0) return "";
  return fmt::format("  copies     {} that took long, given to an idle worker as well; {} of these ended first\n",
                     s.copies == 1 ? "1 unit" : format_count(s.copies) + " units", format_count(s.copies_won));
}

// A job that is over is of interest only where there is something left to do.
std::string job_line(const StatusReport& r) {
  if (r.job_id.empty() || (!r.live && !r.job)) return "";
  std::string out = "  job        " + for_message(r.job_id, 40);
  if (r.job) {
    out += ": " + for_message(r.job->state, 20);
    if (!r.job->reason.empty()) out += fmt::format(" ({})", for_message(r.job->reason, 40));
    if (!r.job->left.empty()) out += fmt::format(", {} left", for_message(r.job->left, 20));
    if (!r.job->end.empty()) out += fmt::format(", until {}", for_message(r.job->end, 30));
  }
  if (r.job_restarts != 0)
    out += fmt::format("; started again {} time{}", r.job_restarts, r.job_restarts == 1 ? "" : "s");
  if (r.next_job) {
    out += fmt::format("; the job {} waits to go on ({})", for_message(r.next_job_id, 40),
                       for_message(r.next_job->state, 20));
  }
  if (r.live && !r.unwatched.empty()) out += "\n  unwatched  " + for_message(r.unwatched, 300);
  return out + "\n";
}

std::string head_line(const StatusReport& r) {
  const std::string directory = for_message(r.directory);
  if (r.live && !r.snapshot) return fmt::format("{}: starting ({})\n", directory, r.owner);
  if (r.live) {
    return fmt::format("{}: {} ({}), for {}\n", directory, observe::to_text(r.snapshot->state), r.owner,
                       time_span(r.now - r.snapshot->started));
  }
  if (r.launches == 0) return fmt::format("{}: not begun\n", directory);
  if (!r.last_end) {
    return fmt::format(
        "{}: not running; its last launch was cut off before it could end: it was killed, or its end could "
        "not be written (a full disk)\n",
        directory);
  }
  return fmt::format("{}: ended {} ({} ago): {}, exit code {}\n", directory, local_time(r.last_end->ended),
                     time_span(r.now - r.last_end->ended), describe(r.last_end->outcome), r.last_end->exit_code);
}

std::string next_steps(const StatusReport& r) {
  const std::string directory = observe::shell_word(r.directory);
  std::string out;
  const std::uint64_t blocked = blocked_units(r.task_stages);
  if (r.only_job) {
    return r.job ? fmt::format("next: the job {} begins it\n", for_message(r.job_id, 40))
                 : fmt::format(
                       "next: the job {} was submitted for it, and squeue does not show it: its log says what came "
                       "of it; or submit the same line again\n",
                       for_message(r.job_id, 40));
  }
  if (!r.live && (left_to_do(r.totals) > blocked || r.launches == 0)) {
    if (!r.until.empty()) {
      return fmt::format(
          "next: --until {} has come: to go on, run the same command again, with a later --until or without; "
          "what is done is kept\n",
          for_message(r.until, 40));
    }
    if (r.job) return fmt::format("next: the job {} goes on with it\n", for_message(r.job_id, 40));
    out += "next: run the same command again to go on; what is done is kept\n";
  }
  if (r.totals.failed != 0) {
    out += fmt::format("next: kiln results --failed {} shows the reasons", directory);
    out += r.live ? "\n"
                  : fmt::format("; kiln retry {} runs them again{}\n", directory,
                                blocked != 0 ? ", then the stages that wait for them" : "");
  }
  if (out.empty() && !r.live)
    out = fmt::format("next: kiln results {}; the file for programs is {}/results.h5\n", directory, directory);
  return out;
}

std::string status_text(const StatusReport& r) {
  std::string out = head_line(r);
  if ((r.snapshot || !r.live) && !r.only_job) out += units_line(r.totals);
  if (r.live && r.snapshot) {
    const observe::StatusSnapshot& s = *r.snapshot;
    out +=
        rate_line(s, r.now) + commit_line(s, r.now) + lost_line(s) + copies_line(s) + ranks_text(s) + slowest_text(s);
  }
  out +=
      job_line(r) + task_stage_lines(r.task_stages, kStagesShown, r.live) + stage_lines(r.stages, kStagesShown, r.live);
  if (r.launches > 1) out += fmt::format("  launches   {}\n", r.launches);
  for (const std::string& line : r.damage) out += "  damage     " + for_message(line, 400) + "\n";
  return out + next_steps(r);
}

std::string status_json(const StatusReport& r) {
  using Json = nlohmann::ordered_json;
  const auto& t = r.totals;
  Json out = {{"directory", to_utf8(r.directory)}, {"live", r.live}, {"owner", to_utf8(r.owner)}};
  const std::string_view idle = r.launches == 0 ? "not_begun" : r.last_end ? "ended" : "cut_off";
  out["state"] = !r.live ? idle : r.snapshot ? observe::to_text(r.snapshot->state) : "starting";
  const bool known = (r.snapshot.has_value() || !r.live) && !r.only_job;
  out["totals"] =
      !known ? Json(nullptr) : Json{{"units", t.units},         {"done", t.done},       {"failed", t.failed},
                                    {"to_do", left_to_do(t)},   {"running", t.running}, {"waiting", t.waiting},
                                    {"committed", t.committed}, {"removed", t.removed}};
  out["launches"] = r.live ? Json(nullptr) : Json(r.launches);
  out["last_end"] = nullptr;
  if (r.last_end) {
    out["last_end"] = {{"outcome", word(r.last_end->outcome)},
                       {"exit_code", r.last_end->exit_code},
                       {"ended", r.last_end->ended},
                       {"launch_id", to_utf8(r.last_end->launch_id)}};
  }
  out["job"] = nullptr;
  if (!r.job_id.empty()) {
    const job::SlurmJob job = r.job.value_or(job::SlurmJob());
    const auto text = [](const std::string& one) { return one.empty() ? Json(nullptr) : Json(to_utf8(one)); };
    out["job"] = {{"id", to_utf8(r.job_id)},       {"state", text(job.state)}, {"reason", text(job.reason)},
                  {"time_left", text(job.left)},   {"end", text(job.end)},     {"restarts", r.job_restarts},
                  {"unwatched", text(r.unwatched)}};
  }
  out["next_job"] = nullptr;
  if (r.next_job) {
    out["next_job"] = {{"id", to_utf8(r.next_job_id)}, {"state", to_utf8(r.next_job->state)}};
  }
  if (r.program) {
    out["stages"] = Json::parse(stages_json(r.stages));
  } else {
    out["task_stages"] = Json::parse(observe::to_json(r.task_stages));
  }
  out["damage"] = Json::array();
  for (const std::string& line : r.damage) out["damage"].push_back(to_utf8(line));
  out["status"] = r.snapshot ? Json::parse(observe::to_json(*r.snapshot)) : Json(nullptr);
  return out.dump() + "\n";
}

}  // namespace kiln::cli
