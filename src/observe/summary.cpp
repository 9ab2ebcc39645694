#include "observe/summary.hpp"

#include "base/quantity.hpp"
#include "base/text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

namespace kiln::observe {
namespace {

using protocol::Outcome;

std::string units_text(std::uint64_t count) { return format_count(count) + (count == 1 ? " unit" : " units"); }

std::string duration_text(const RunSummary& s) {
  const double seconds = std::clamp(s.seconds, 0.0, 9.0e9);
  const std::uint64_t settled = s.done + s.failed;
  const std::uint64_t now = settled - std::min(settled, s.done_before);
  std::string text = " in " + format_duration(from_seconds(seconds));
  if (seconds > 0 && now > 0) {
    const double rate = static_cast<double>(now) / seconds;
    text += rate >= 10 ? fmt::format(" ({}/s)", format_count(static_cast<std::uint64_t>(std::llround(rate))))
                       : fmt::format(" ({:.2g}/s)", rate);
  }
  return text;
}

std::string counts_line(const RunSummary& s) {
  if (s.units == 0) return "no units: there was nothing to do";
  const std::uint64_t settled = s.done + s.failed;
  std::string line = fmt::format("{}: {} done", units_text(s.units), format_count(s.done));
  if (s.failed != 0) line += fmt::format(", {} failed", format_count(s.failed));
  if (settled < s.units) line += fmt::format(", {} not run", format_count(s.units - settled));
  if (s.done_before != 0 && s.done_before == settled && settled == s.units) {
    line += s.failed == 0 ? "; all done earlier, nothing was left to run" : "; nothing was left to run";
  } else {
    line += duration_text(s);
    if (s.done_before != 0) line += fmt::format(", {} of them earlier", format_count(s.done_before));
  }
  if (!s.results_file.empty()) line += "; results: " + s.results_file;
  return line;
}

std::string failure_line(const FailedUnit& failure) {
  std::string where = fmt::format("unit {}", failure.unit);
  if (!failure.place.empty()) where += fmt::format(" ({})", failure.place);
  // What is to be done about it may stand behind the path of a file.
  if (failure.command.empty()) return fmt::format("  {}: {}", where, for_message(failure.reason, 600));
  return fmt::format("  {}: {}: {}", where, for_message(failure.reason, 100), for_message(failure.command, 60));
}

std::string commands_text(std::uint64_t count) { return format_count(count) + (count == 1 ? " command" : " commands"); }

std::string stage_line(const TaskStageStatus& stage) {
  const std::uint64_t left = stage.units - stage.done - stage.failed;
  std::string line = stage.name.empty() ? "  before the stages" : "  stage " + stage.name;
  line += fmt::format(": {}, {} done", commands_text(stage.units), format_count(stage.done));
  if (stage.failed != 0) line += fmt::format(", {} failed", format_count(stage.failed));
  if (left != 0 && stage.state == schedule::Gates::State::blocked) return line + ", not started";
  return left == 0 ? line : line + fmt::format(", {} not run", format_count(left));
}

bool is_blocked(const TaskStageStatus& stage) {
  return stage.state == schedule::Gates::State::blocked && stage.done + stage.failed < stage.units;
}

// "stage align: 3 of 1,200 commands failed; not started: call (24 commands), report (1)"
std::string blocked_line(const std::vector<TaskStageStatus>& stages) {
  std::string failed, blocked;
  std::uint64_t named = 0, more = 0;
  for (const TaskStageStatus& stage : stages) {
    if (stage.failed != 0 && !stage.name.empty()) {
      failed += fmt::format("stage {}: {} of {} failed; ", stage.name, format_count(stage.failed),
                            commands_text(stage.units));
    }
    if (!is_blocked(stage)) continue;
    if (++named > kShownStages) {
      ++more;
      continue;
    }
    const std::uint64_t left = stage.units - stage.done - stage.failed;
    blocked += named == 1 ? fmt::format("{} ({})", stage.name, commands_text(left))
                          : fmt::format(", {} ({})", stage.name, format_count(left));
  }
  if (blocked.empty()) return "";
  if (more != 0) blocked += fmt::format(" and {} more", format_count(more));
  return failed + "not started: " + blocked;
}

void add_stages(const RunSummary& s, std::vector<std::string>& lines) {
  const bool all = s.stages.size() <= kShownStages;
  std::size_t left_out = 0;
  for (const TaskStageStatus& stage : s.stages) {
    const bool notable = stage.failed != 0 && lines.size() <= kShownStages;
    all || notable ? lines.push_back(stage_line(stage)) : void(++left_out);
  }
  if (left_out != 0) lines.push_back(fmt::format("  and {} more stages", format_count(left_out)));
  if (const std::string blocked = blocked_line(s.stages); !blocked.empty()) lines.push_back(blocked);
}

}  // namespace

std::string shell_word(const std::string& text) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::vector<std::string> summary_lines(const RunSummary& s) {
  std::vector<std::string> lines{counts_line(s)};
  add_stages(s, lines);
  if (s.outcome == Outcome::too_many_failures)
    lines.emplace_back("stopped: more units failed than --max-failures allows");
  if (s.outcome == Outcome::storage) {
    lines.push_back("stopped: " + (s.storage_failure.empty() ? "the run directory cannot be written; make room there, "
                                                               "then run the same command again"
                                                             : s.storage_failure));
  }
  if (s.outcome == Outcome::interrupted) {
    lines.emplace_back(s.in_time
                           ? "stopped before the time limit; what is done is kept: run the same command again to go on"
                           : "stopped early; what is done is kept: run the same command again to go on");
  }
  if (s.outcome == Outcome::held_up) {
    lines.emplace_back(
        "stopped: every rank that lives is in a unit that another was faster with, and that it cannot leave; what is "
        "done is kept: run the same command again to go on");
  }
  if (s.outcome == Outcome::cut_off) {
    // What is to be done about it the launcher says: it may start again itself.
    lines.emplace_back("stopped: mpirun ended the ranks; what is done is kept");
  }
  if (s.outcome == Outcome::fault) {
    lines.emplace_back("stopped: the program could not go on (see above); what is done is kept");
  }
  const std::size_t shown = std::min(s.first_failures.size(), kShownFailures);
  for (std::size_t i = 0; i < shown; ++i) lines.push_back(failure_line(s.first_failures[i]));
  if (s.failed > shown && shown != 0) lines.push_back(fmt::format("  and {} more", format_count(s.failed - shown)));
  if (s.failed != 0) {
    const std::string directory = shell_word(s.directory);
    const bool blocked = std::ranges::any_of(s.stages, is_blocked);
    lines.push_back(fmt::format("see them: kiln results --failed {}; run them again{}: kiln retry {}", directory,
                                blocked ? ", then the stages that wait for them" : "", directory));
  }
  if (s.rejected != 0) {
    lines.push_back(fmt::format("{} rejected; see {}: kiln results --table rejected {}",
                                s.rejected == 1 ? "1 record was" : format_count(s.rejected) + " records were",
                                s.rejected == 1 ? "it" : "them", shell_word(s.directory)));
  }
  return lines;
}

}  // namespace kiln::observe
