#include "watch_text.hpp"

#include "base/quantity.hpp"
#include "base/text.hpp"
#include "observe/progress.hpp"
#include "stage_lines.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace kiln::cli {
namespace {

constexpr std::size_t kIndent = 4;
constexpr std::size_t kLeastHost = 6, kMostHost = 20;
constexpr std::size_t kUnitsShown = 5;  // running longest
constexpr std::size_t kStagesShown = 4;

std::size_t bytes_of_character(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

// The first byte E2 stands for punctuation and lines, which take one column.
std::size_t width_of_character(char lead) {
  return bytes_of_character(lead) >= 3 && static_cast<unsigned char>(lead) != 0xE2 ? 2 : 1;
}

// How many bytes of it fit.
std::size_t fitting(std::string_view text, std::size_t columns) {
  std::size_t at = 0;
  while (at < text.size() && columns >= width_of_character(text[at])) {
    columns -= width_of_character(text[at]);
    at = std::min(text.size(), at + bytes_of_character(text[at]));
  }
  return at;
}

std::string cut(std::string_view text, std::size_t columns) {
  if (text_width(text) <= columns) return std::string(text);
  return columns < 2 ? "" : std::string(text.substr(0, fitting(text, columns - 2))) + "..";
}

std::string pad(std::string text, std::size_t columns) {
  text.append(columns - std::min(columns, text_width(text)), ' ');
  return text;
}

void add_wrapped(std::vector<std::string>& lines, std::string_view text, std::size_t columns) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.size(), text.find('\n'));
    for (std::string& line : wrap_text(text.substr(0, end), columns, kIndent)) lines.push_back(std::move(line));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
}

void add_cut(std::vector<std::string>& lines, std::string_view text, std::size_t columns) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.size(), text.find('\n'));
    lines.push_back(cut(text.substr(0, end), columns));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
}

// Of ranks or groups of them; the host takes the room that is left, or none.
std::vector<std::string> rank_lines(const observe::StatusSnapshot& s, std::size_t columns, std::size_t most) {
  if (s.ranks.empty() || most < 2) return {};
  constexpr std::size_t kNumbers = 34;
  const std::size_t room = columns - std::min(columns, kNumbers + 2);
  const std::size_t host = room < kLeastHost ? 0 : std::min(room, kMostHost);
  const auto line = [&](const std::string& rank, const std::string& name, const std::string& units,
                        const std::string& busy, const std::string& in_hand) {
    const std::string middle = host == 0 ? "" : "  " + pad(cut(name, host), host);
    return cut(fmt::format("{:>9}{}  {:>9}  {:>5} {:>6}", rank, middle, units, busy, in_hand), columns);
  };
  std::vector<std::string> lines{line("rank", "host", "units", "busy", "hand")};
  const std::size_t all = s.ranks.size() + s.groups.size();
  const std::size_t shown = all <= most - 1 ? all : most - 2;
  for (std::size_t i = 0; i < std::min(shown, s.ranks.size()); ++i) {
    const observe::RankStatus& r = s.ranks[i];
    lines.push_back(line(std::to_string(r.rank), for_message(r.host, kMostHost), format_count(r.units_done),
                         busy_share(s, r.busy_seconds, 1), std::to_string(r.running)));
  }
  for (std::size_t i = s.ranks.size(); i < shown; ++i) {
    const observe::RankGroup& g = s.groups[i - s.ranks.size()];
    lines.push_back(line(fmt::format("{}-{}", g.first, g.last), fmt::format("({} ranks)", g.ranks),
                         format_count(g.units_done), busy_share(s, g.busy_seconds, g.ranks),
                         std::to_string(g.running)));
  }
  if (shown < all) lines.push_back(cut(fmt::format("{:>9}  and {} more", "", format_count(all - shown)), columns));
  return lines;
}

std::vector<std::string> slow_lines(const observe::StatusSnapshot& s, std::size_t columns) {
  if (s.slowest.empty()) return {};
  std::vector<std::string> lines{cut("  running longest, for about:", columns)};
  for (std::size_t i = 0; i < std::min(kUnitsShown, s.slowest.size()); ++i) {
    const observe::SlowUnit& slow = s.slowest[i];
    const std::string host = columns < 60 ? "" : "  " + pad(cut(for_message(slow.host, kMostHost), 12), 12);
    lines.push_back(cut(fmt::format("{:>9}{}  unit {}  {}", time_span(slow.seconds), host, slow.unit,
                                    for_message(slow.command, columns)),
                        columns));
  }
  return lines;
}

}  // namespace

std::size_t text_width(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t at = 0; at < text.size(); at += bytes_of_character(text[at])) width += width_of_character(text[at]);
  return width;
}

std::vector<std::string> wrap_text(std::string_view text, std::size_t columns, std::size_t indent) {
  std::vector<std::string> lines;
  std::string front;
  while (front.size() + text_width(text) > columns) {
    const std::size_t most = fitting(text, columns - front.size());
    const std::size_t first = text.find_first_not_of(' ');
    std::size_t end = text.rfind(' ', most);
    if (end == std::string_view::npos || first == std::string_view::npos || end <= first)
      end = std::max(most, std::size_t{1});
    lines.push_back(front + std::string(text.substr(0, end)));
    text.remove_prefix(end);
    text.remove_prefix(std::min(text.size(), text.find_first_not_of(' ')));
    front.assign(indent, ' ');
  }
  lines.push_back(front + std::string(text));
  return lines;
}

std::vector<std::string> watch_lines(const StatusReport& r, ScreenSize size, bool utf8) {
  std::vector<std::string> top, bottom, ranks;
  add_wrapped(top, head_line(r), size.columns);
  const observe::StatusSnapshot* const s = r.live && r.snapshot ? &*r.snapshot : nullptr;
  if (s != nullptr) top.push_back(observe::bar_line(*s, size.columns, utf8));
  if (s != nullptr || !r.live) add_wrapped(top, units_line(r.totals), size.columns);
  add_cut(top, task_stage_lines(r.task_stages, kStagesShown, r.live), size.columns);
  add_cut(top, stage_lines(r.stages, kStagesShown, r.live), size.columns);
  if (s != nullptr) {
    add_wrapped(top, rate_line(*s, r.now), size.columns);
    add_wrapped(top, commit_line(*s, r.now), size.columns);
    bottom = slow_lines(*s, size.columns);
  }
  for (const std::string& line : r.damage) add_wrapped(bottom, "  damage     " + for_message(line, 400), size.columns);
  add_wrapped(bottom, next_steps(r), size.columns);
  const std::size_t others = top.size() + bottom.size();
  if (s != nullptr) ranks = rank_lines(*s, size.columns, size.rows - std::min(size.rows, others));
  top.insert(top.end(), ranks.begin(), ranks.end());
  top.insert(top.end(), bottom.begin(), bottom.end());
  if (top.size() > size.rows) top.resize(size.rows);
  return top;
}

}  // namespace kiln::cli
