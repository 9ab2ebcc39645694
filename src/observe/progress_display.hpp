#pragma once

#include "observe/progress.hpp"
#include "observe/terminal.hpp"

#include <mutex>
#include <string>
#include <string_view>

namespace kiln::observe {

enum class DisplayMode { automatic, bar, log, none };  ///< automatic: bar on a terminal, else log

/// Shows a run's progress on one file descriptor, which it borrows, and keeps other lines readable meanwhile. One
/// thread, and another one that lends the terminal to others. When the descriptor can no longer be written it falls
/// silent.
class ProgressDisplay {
 public:
  ProgressDisplay(DisplayMode mode, const TerminalFacts& terminal);
  /// As done(), in case nobody called it.
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  /// Draws the bar anew, or writes a log line when one is due. A run that has ended has no bar.
  void show(const StatusSnapshot& snapshot);
  /// Writes the text as a line (a newline is added), above the bar where there is one.
  void line(std::string_view text);
  /// Takes the bar away. Lines may follow, a bar as well.
  void done();

  /// Any thread: takes the bar away, and keeps all lines back until give_back(): somebody else writes meanwhile.
  void lend();
  /// Writes what was kept back, and the bar. `open_line`: what was written on the terminal did not end with a newline.
  void give_back(bool open_line);

  DisplayMode mode() const { return mode_; }  ///< never automatic

 private:
  void write(std::string_view text);

  TerminalFacts terminal_;
  DisplayMode mode_;
  LogPace pace_;
  std::mutex mutex_;
  std::string bar_;  // on the screen now, unless it is lent; "" for none
  bool lent_ = false;
  std::string kept_back_;
  bool broken_ = false;
};

}  // namespace kiln::observe
