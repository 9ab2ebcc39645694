#include "observe/progress_display.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace kiln::observe {
namespace {

constexpr std::string_view kClear = "\r\x1b[K";
constexpr std::size_t kNarrowest = 20;

}  // namespace

ProgressDisplay::ProgressDisplay(DisplayMode mode, const TerminalFacts& terminal) : terminal_(terminal), mode_(mode) {
  if (mode_ == DisplayMode::automatic) mode_ = terminal_.tty ? DisplayMode::bar : DisplayMode::log;
}

ProgressDisplay::~ProgressDisplay() {
  try {
    done();
  } catch (const std::exception&) {  // out of memory: the bar stays
  }
}

void ProgressDisplay::show(const StatusSnapshot& snapshot) {
  if (mode_ == DisplayMode::log && pace_.due(snapshot)) line("kiln: " + log_line(snapshot));
  if (mode_ != DisplayMode::bar) return;
  if (snapshot.state == RunState::ended) {
    done();
    return;
  }
  const std::size_t columns = terminal_.columns != 0 ? terminal_.columns : terminal_columns(terminal_.fd);
  // The last column stays free: some terminals wrap when it is written.
  std::string bar = bar_line(snapshot, std::max(columns, kNarrowest + 1) - 1, terminal_.utf8);
  const std::lock_guard lock(mutex_);
  if (bar == bar_) return;
  bar_ = std::move(bar);
  if (!lent_) write(fmt::format("\r{}\x1b[K", bar_));
}

void ProgressDisplay::line(std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (lent_) {
    kept_back_.append(text).push_back('\n');
  } else if (bar_.empty()) {
    write(fmt::format("{}\n", text));
  } else {
    write(fmt::format("{}{}\n{}", kClear, text, bar_));
  }
}

void ProgressDisplay::done() {
  const std::lock_guard lock(mutex_);
  if (bar_.empty()) return;
  bar_.clear();
  if (!lent_) write(kClear);
}

void ProgressDisplay::lend() {
  const std::lock_guard lock(mutex_);
  lent_ = true;
  if (!bar_.empty()) write(kClear);
}

void ProgressDisplay::give_back(bool open_line) {
  const std::lock_guard lock(mutex_);
  lent_ = false;
  const std::string text = std::exchange(kept_back_, {}) + bar_;
  if (text.empty()) return;
  write((open_line ? "\n" : "") + text);
}

void ProgressDisplay::write(std::string_view text) {
  if (!broken_) broken_ = !write_fully(terminal_.fd, text);
}

}  // namespace kiln::observe
