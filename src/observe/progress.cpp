#include "observe/progress.hpp"

#include "base/quantity.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace kiln::observe {
namespace {

constexpr std::size_t kBarLeast = 8, kBarMost = 40;
constexpr double kFirstInterval = 5, kGrowth = 1.5, kLongestInterval = 300;  // seconds

std::uint64_t settled(const UnitTotals& totals) { return std::min(totals.units, totals.done + totals.failed); }

double share(const UnitTotals& totals) {
  return totals.units == 0 ? 1.0 : static_cast<double>(settled(totals)) / static_cast<double>(totals.units);
}

// Rounded down, so that 100 means all.
unsigned percent(const UnitTotals& totals) { return static_cast<unsigned>(std::floor(share(totals) * 100)); }

std::string rate_text(double rate) {
  if (!(rate > 0)) return "";
  if (rate >= 1e6) return fmt::format("{:.1f}M/s", rate / 1e6);
  if (rate >= 10) return format_count(static_cast<std::uint64_t>(std::llround(rate))) + "/s";
  if (rate >= 0.95) return fmt::format("{:.1f}/s", rate);
  if (rate * 60 >= 0.95) return fmt::format("{:.1f}/min", rate * 60);
  return fmt::format("{:.1f}/h", rate * 3600);
}

std::string time_left(const StatusSnapshot& s) {
  if (!s.expected_end || s.state != RunState::running) return "";
  const double seconds = std::clamp(*s.expected_end - s.updated, 0.0, 9.0e9);
  return std::isfinite(seconds) ? format_duration(from_seconds(seconds)) : "";
}

// What is going on where it is not plainly running.
std::string_view state_note(RunState state) {
  switch (state) {
    case RunState::starting:
      return "starting";
    case RunState::draining:
      return "stopping";
    case RunState::assembling:
      return "writing results";
    case RunState::running:
    case RunState::ended:
      return "";
  }
  return "";
}

// Of a task file: the stages that are at work.
std::string stages_text(const StatusSnapshot& s) {
  constexpr std::size_t kMostNamed = 3;
  std::string names;
  std::size_t running = 0;
  for (const TaskStageStatus& stage : s.task_stages) {
    if (stage.name.empty() || to_text(stage) != "running") continue;
    if (++running <= kMostNamed) names += (names.empty() ? "" : ", ") + stage.name;
  }
  if (running == 0) return "";
  if (running > kMostNamed) return fmt::format("{} stages", format_count(running));
  return fmt::format("stage{} {}", running == 1 ? "" : "s", names);
}

std::string draw_bar(double done, std::size_t cells, bool utf8) {
  const double filled = std::clamp(done, 0.0, 1.0) * static_cast<double>(cells);
  const auto whole = static_cast<std::size_t>(filled);
  const bool half = whole < cells && filled - static_cast<double>(whole) >= 0.5;
  std::string bar;
  for (std::size_t i = 0; i < cells; ++i) {
    if (i < whole) {
      bar += utf8 ? "━" : "=";
    } else if (i == whole && half) {
      bar += utf8 ? "╸" : ">";
    } else {
      bar += utf8 ? "─" : ".";
    }
  }
  return bar;
}

struct Piece {
  std::string text;
  int rank;  // the higher, the earlier it is left out
};

}  // namespace

std::string bar_line(const StatusSnapshot& s, std::size_t columns, bool utf8) {
  const std::string head = fmt::format("{:>4}%", percent(s.totals));
  const std::string left = time_left(s);
  std::array<Piece, 6> tail{{
      {fmt::format("{}/{}", format_count(settled(s.totals)), format_count(s.totals.units)), 1},
      {rate_text(s.rate), 4},
      {s.totals.failed == 0 ? "" : fmt::format("{} failed", format_count(s.totals.failed)), 2},
      {left.empty() ? "" : "eta " + left, 3},
      {stages_text(s), 5},
      {std::string(state_note(s.state)), 0},
  }};
  const auto gap = [&](const Piece& piece) -> std::size_t { return &piece == tail.data() ? 1 : 2; };
  const auto width = [&] {
    std::size_t sum = head.size();
    for (const Piece& piece : tail) sum += piece.text.empty() ? 0 : piece.text.size() + gap(piece);
    return sum;
  };
  while (width() > columns) {
    auto* const victim = std::max_element(tail.begin(), tail.end(), [](const Piece& a, const Piece& b) {
      return (a.text.empty() ? -1 : a.rank) < (b.text.empty() ? -1 : b.rank);
    });
    if (victim->text.empty()) break;
    victim->text.clear();
  }
  std::string line = head;
  const std::size_t room = columns - std::min(columns, width());
  if (room >= kBarLeast + 1) line += " " + draw_bar(share(s.totals), std::min(room - 1, kBarMost), utf8);
  for (const Piece& piece : tail) {
    if (!piece.text.empty()) line += std::string(gap(piece), ' ') + piece.text;
  }
  return line;
}

std::string log_line(const StatusSnapshot& s) {
  std::string line = fmt::format("{} of {} units ({} %)", format_count(settled(s.totals)), format_count(s.totals.units),
                                 percent(s.totals));
  if (const std::string rate = rate_text(s.rate); !rate.empty()) line += ", " + rate;
  if (s.totals.failed != 0) line += fmt::format(", {} failed", format_count(s.totals.failed));
  if (s.totals.waiting != 0) line += fmt::format(", {} to be tried again", format_count(s.totals.waiting));
  if (const std::string stages = stages_text(s); !stages.empty()) line += ", " + stages;
  if (const std::string left = time_left(s); !left.empty()) line += fmt::format(", {} left", left);
  if (const std::string_view note = state_note(s.state); !note.empty()) line += fmt::format(", {}", note);
  return line;
}

bool LogPace::due(const StatusSnapshot& s) {
  if (!begun_) {
    begun_ = true;
    last_ = s.updated;
    state_ = s.state;
    interval_ = kFirstInterval;
    return false;
  }
  const bool stopping = s.state != state_ && s.state == RunState::draining;
  state_ = s.state;
  if (!stopping && s.updated - last_ < interval_) return false;
  if (!stopping) interval_ = std::min(interval_ * kGrowth, kLongestInterval);
  last_ = s.updated;
  return true;
}

}  // namespace kiln::observe
