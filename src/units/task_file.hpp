#pragma once

#include <kiln/detail/bytes.hpp>
#include "units/array_range.hpp"
#include "units/listing.hpp"
#include "units/task_stages.hpp"
#include "units/unit_limits.hpp"
#include "units/unit_payload.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::units {

/// A source of commands, read: a task file (one command a line, verbatim), a list (see command_list.hpp), or an array
/// (see array_source.hpp), which has one command for all its units. A unit's place counts from 0.
struct TaskFile final : Listing {
  enum class Form { lines, list, array };

  TaskFile() = default;
  TaskFile(TaskFile&&) = default;
  TaskFile& operator=(TaskFile&&) = default;
  TaskFile(const TaskFile&) = delete;
  TaskFile& operator=(const TaskFile&) = delete;

  std::uint64_t size() const override { return array ? array->count() : commands.size(); }
  std::int64_t line(std::uint64_t place) const override;
  std::string_view key(std::uint64_t place, std::string& scratch) const override;
  bool distinct() const override { return array.has_value(); }
  /// Of a file with stages: which of `stages` the command belongs to.
  std::size_t stage_of(std::uint64_t place) const;
  std::string_view command(std::uint64_t place) const { return array ? commands.front() : commands[place]; }
  /// What its worker gets beside the command.
  UnitFields fields(std::uint64_t place) const;

  /// "tasks.txt:12", "array index 12"; "" where commands stand on no lines.
  std::string place(std::int64_t line) const;

  Form form = Form::lines;
  std::string name;                        ///< as messages say it
  std::string origin;                      ///< of a list: what the commands were made from
  Bytes bytes;                             ///< the file as it was, for the copy in the run directory
  std::vector<std::string_view> commands;  ///< views into `bytes` or `made`, in the order of the file
  std::vector<std::int64_t> lines;         ///< number of each command's line, or in the list; from 1
  std::vector<std::int64_t> repeats;       ///< each one's repeat index, -1 for none; empty where no line is repeated
  LimitList limits;                        ///< what the file itself says of them
  std::vector<TaskStage> stages;           ///< in the order of the file; empty without #kiln stage
  std::deque<std::string> made;            ///< commands that stand nowhere in the file as they are
  std::optional<ArrayRange> array;
};

/// The longest command: Linux refuses a longer single argument (MAX_ARG_STRLEN less its final NUL).
inline constexpr std::size_t kLongestCommand = 131'071;

/// Lines that are blank or whose first non-blank character is # are no commands; of these, those with #kiln and
/// #DISBATCH are directives. A CR before the line's end is dropped, with one warning in the log. Bytes that are not
/// UTF-8 are kept. Throws kiln::Error (bad_input) that names file and line for a NUL byte, for a line that is too long,
/// and for a directive that is not understood or a stage that cannot be.
TaskFile parse_task_file(Bytes bytes, std::string name);

}  // namespace kiln::units
