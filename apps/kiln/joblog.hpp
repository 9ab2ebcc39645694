#pragma once

#include "results_text.hpp"

#include <string>
#include <vector>

namespace kiln::cli {

/// GNU Parallel's --joblog: tab-separated Seq, Host, Starttime, JobRuntime, Send, Receive, Exitval, Signal, Command.
/// Seq is the unit's number plus one; a newline in a command is written as NUL, as there; other bytes are kept.
class Joblog {
 public:
  explicit Joblog(const std::vector<Field>& fields);
  static std::string header();
  void append_row(std::string& out, RowValues values) const;

 private:
  std::size_t unit_, host_, start_, seconds_, stdout_, exit_code_, signal_, status_, command_;
};

}  // namespace kiln::cli
