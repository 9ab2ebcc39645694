#include "base/log.hpp"
#include "base/text.hpp"
#include "units/disbatch.hpp"
#include "units/task_file.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <cstring>
#include <utility>

namespace kiln::units {
namespace {

/// The lines of a task file, one after the other.
class TaskLines {
 public:
  explicit TaskLines(TaskFile& file) : file_(file), stages_(for_message(file.name)) {}

  /// Without its line end.
  void take(std::string_view line) {
    ++number_;
    if (!line.empty() && std::memchr(line.data(), 0, line.size()) != nullptr) {
      bad("a NUL byte: this is a binary file, not a list of commands; give a text file");
    }
    if (!line.empty() && line.back() == '\r') {
      line.remove_suffix(1);
      dropped_cr_ = true;
    }
    const std::size_t first = line.find_first_not_of(" \t\v\f\r");
    if (first == std::string_view::npos) {
      blank();
    } else if (line[first] == '#') {
      comment(line);
    } else {
      command(line);
    }
  }

  void end() {
    file_.stages = stages_.end(file_.commands.size());
    if (dropped_cr_) log::warning("{}: lines end in CR LF; the CR is dropped", for_message(file_.name));
    if (!pending_.empty()) log::warning("{}: #kiln stands before no command: it says nothing", where(pending_line_));
  }

 private:
  std::string where(std::int64_t line) const { return fmt::format("{}:{}", for_message(file_.name), line); }
  [[noreturn]] void bad(const std::string& why) const {
    throw Error(ExitCode::bad_input, fmt::format("{}: {}", where(number_), why));
  }

  // What stands right before a blank line is for the rest of the file.
  void blank() {
    if (after_directive_) rest_ = std::exchange(pending_, {});
    after_directive_ = false;
  }

  void comment(std::string_view line) {
    const bool directive = is_kiln_directive(line);
    after_directive_ = directive && !StageLines::is_stage(line);
    if (directive && !after_directive_) {
      stages_.add(line, number_, file_.commands.size());
    } else if (directive) {
      pending_ = parse_kiln_directive(line, where(number_)).over(pending_);
      pending_line_ = number_;
    } else if (Disbatch::is_directive(line)) {
      if (const auto repeat = disbatch_.take(line, where(number_))) add_repeats(*repeat);
    }
  }

  void command(std::string_view line) {
    set_limits();
    if (disbatch_.wraps()) line = make(line);
    add(line, -1);
  }

  void add_repeats(const Disbatch::Repeat& repeat) {
    if (repeat.count == 0) return;
    set_limits();
    const std::string_view line = make(repeat.command);
    if (line.find_first_not_of(" \t\v\f\r") == std::string_view::npos) {
      bad("#DISBATCH REPEAT without a command, and there is neither PREFIX nor SUFFIX before it");
    }
    file_.repeats.resize(file_.commands.size(), -1);
    for (std::uint64_t i = 0; i < repeat.count; ++i) {
      add(line, static_cast<std::int64_t>(repeat.start + i * repeat.step));
    }
  }

  std::string_view make(std::string_view command) { return file_.made.emplace_back(disbatch_.wrapped(command)); }

  void add(std::string_view line, std::int64_t repeat) {
    if (line.size() > kLongestCommand) {
      bad(fmt::format("the line has {} bytes, the longest command Linux can start has {}; put it into a script",
                      line.size(), kLongestCommand));
    }
    file_.commands.push_back(line);
    file_.lines.push_back(number_);
    if (repeat >= 0 || !file_.repeats.empty()) file_.repeats.push_back(repeat);
  }

  // For the command that comes now.
  void set_limits() {
    file_.limits.set_from(file_.commands.size(), pending_.over(rest_));
    pending_ = {};
    after_directive_ = false;
  }

  TaskFile& file_;
  Disbatch disbatch_;
  StageLines stages_;
  UnitLimits rest_;     // for the rest of the file
  UnitLimits pending_;  // for the next command, or for the rest
  std::int64_t number_ = 0, pending_line_ = 0;
  bool after_directive_ = false;
  bool dropped_cr_ = false;
};

}  // namespace

TaskFile parse_task_file(Bytes bytes, std::string name) {
  TaskFile file;
  file.name = std::move(name);
  file.bytes = std::move(bytes);
  TaskLines lines(file);
  for (std::string_view rest = as_text(file.bytes); !rest.empty();) {
    const std::size_t end = rest.find('\n');
    lines.take(rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  lines.end();
  return file;
}

}  // namespace kiln::units
