#include "units/command_list.hpp"

#include "base/text.hpp"
#include "units/array_source.hpp"
#include "units/task_stages.hpp"
#include "units/unit_limits.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <optional>
#include <utility>

namespace kiln::units {
namespace {

constexpr std::string_view kFirstLine = "#kiln commands 1\n";
constexpr char kNul = '\0';

[[noreturn]] void bad_list(const std::string& name, const std::string& why) {
  throw Error(ExitCode::bad_input, fmt::format("{}: {}", name, why));
}

// The NUL-ended text at the front of `rest`, which is moved behind it; nothing where no NUL follows.
std::optional<std::string_view> take_text(std::string_view& rest) {
  const std::size_t end = rest.find(kNul);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view text = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return text;
}

}  // namespace

CommandListWriter::CommandListWriter(ByteSink sink, std::string_view origin) : sink_(std::move(sink)) {
  sink_(kFirstLine);
  put_text(origin);
}

void CommandListWriter::add(std::string_view command) { put_text(command); }

void CommandListWriter::put_text(std::string_view text) {
  sink_(text);
  sink_(std::string_view(&kNul, 1));
}

TaskFile parse_command_list(Bytes bytes, std::string name) {
  TaskFile file;
  file.form = TaskFile::Form::list;
  file.name = std::move(name);
  file.bytes = std::move(bytes);
  std::string_view rest = as_text(file.bytes);
  if (!rest.starts_with(kFirstLine)) {
    bad_list(file.name, fmt::format("a list of commands of another version ('{}'); this kiln reads '{}'",
                                    for_message(rest.substr(0, rest.find('\n')), 40),
                                    kFirstLine.substr(0, kFirstLine.size() - 1)));
  }
  rest.remove_prefix(kFirstLine.size());
  const auto origin = take_text(rest);
  if (!origin) bad_list(file.name, "the list of commands is cut off in its head");
  file.origin = *origin;
  for (std::int64_t number = 1; !rest.empty(); ++number) {
    const auto command = take_text(rest);
    if (!command) bad_list(file.name, fmt::format("the list of commands is cut off in command {}", number));
    if (command->size() > kLongestCommand) {
      bad_list(file.name, fmt::format("command {} has {} bytes, the longest command Linux can start has {}", number,
                                      command->size(), kLongestCommand));
    }
    file.commands.push_back(*command);
    file.lines.push_back(number);
  }
  return file;
}

std::string source_origin(std::string_view beginning) {
  if (beginning.starts_with(kArrayHead)) return array_origin(beginning);
  if (!beginning.starts_with(kFirstLine)) return "";
  beginning.remove_prefix(kFirstLine.size());
  return std::string(take_text(beginning).value_or(""));
}

TaskFile parse_source(Bytes bytes, std::string name) {
  if (as_text(bytes).starts_with(kArrayHead)) return parse_array_source(std::move(bytes), std::move(name));
  if (as_text(bytes).starts_with(kCommandListHead)) return parse_command_list(std::move(bytes), std::move(name));
  return parse_task_file(std::move(bytes), std::move(name));
}

std::vector<std::int64_t> stage_lines(std::string_view source) {
  std::vector<std::int64_t> lines;
  if (source.starts_with(kArrayHead) || source.starts_with(kCommandListHead)) return lines;
  for (std::int64_t number = 1; !source.empty(); ++number) {
    const std::size_t end = source.find('\n');
    const std::string_view line = source.substr(0, end);
    if (is_kiln_directive(line) && StageLines::is_stage(line)) lines.push_back(number);
    source.remove_prefix(end == std::string_view::npos ? source.size() : end + 1);
  }
  return lines;
}

}  // namespace kiln::units
