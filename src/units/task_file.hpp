#pragma once

#include "base/bytes.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::units {

/// A source of commands, read: a task file (one command a line, verbatim) or a list (see command_list.hpp).
struct TaskFile {
  enum class Form { lines, list };

  TaskFile() = default;
  TaskFile(TaskFile&&) = default;
  TaskFile& operator=(TaskFile&&) = default;
  TaskFile(const TaskFile&) = delete;
  TaskFile& operator=(const TaskFile&) = delete;

  /// "tasks.txt:12"; "" where commands stand on no lines.
  std::string place(std::int64_t line) const;

  Form form = Form::lines;
  std::string name;                        ///< as messages say it
  std::string origin;                      ///< of a list: what the commands were made from
  Bytes bytes;                             ///< the file as it was, for the copy in the run directory
  std::vector<std::string_view> commands;  ///< views into `bytes`, in the order of the file
  std::vector<std::int64_t> lines;         ///< number of each command's line, or in the list; from 1
};

/// The longest command: Linux refuses a longer single argument (MAX_ARG_STRLEN less its final NUL).
inline constexpr std::size_t kLongestCommand = 131'071;

/// Lines that are blank or whose first non-blank character is # are no commands. A CR before the line's end is dropped,
/// with one warning in the log. Bytes that are not UTF-8 are kept. Throws kiln::Error (bad_input) that names file and
/// line for a NUL byte and for a line that is too long.
TaskFile parse_task_file(Bytes bytes, std::string name);

}  // namespace kiln::units
