#pragma once

#include "units/task_file.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// A list of commands that may hold any byte but NUL, newlines too: `#kiln commands 1`, a newline, then NUL-ended
/// texts: first the origin (what the commands were made from), then the commands.
namespace kiln::units {

inline constexpr std::string_view kCommandListHead = "#kiln commands ";

/// Where a writer puts bytes; called often, so it buffers. May throw.
using ByteSink = std::function<void(std::string_view)>;

/// Writes a list piece by piece. `origin` and commands hold no NUL.
class CommandListWriter {
 public:
  CommandListWriter(ByteSink sink, std::string_view origin);
  void add(std::string_view command);

 private:
  void put_text(std::string_view text);

  ByteSink sink_;
};

/// Its `lines` count the commands from 1. Throws kiln::Error (bad_input) for another version, for a list that is cut
/// off and for a command that is too long.
TaskFile parse_command_list(Bytes bytes, std::string name);

/// The origin of the source (TaskFile::origin) of which this is the beginning; "" for a task file, and where it is cut
/// off.
std::string source_origin(std::string_view beginning);

/// Every form of a source of commands, told apart by its first bytes: a command list, an array, else a task file.
TaskFile parse_source(Bytes bytes, std::string name);

/// The lines of a source that begin a stage, ascending; none where it is no task file.
std::vector<std::int64_t> stage_lines(std::string_view source);

}  // namespace kiln::units
