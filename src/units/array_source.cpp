#include "units/array_source.hpp"

#include "base/text.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <utility>

namespace kiln::units {
namespace {

constexpr std::string_view kFirstLine = "#kiln array 1\n";
constexpr char kNul = '\0';

[[noreturn]] void bad_array(const std::string& name, const std::string& why) {
  throw Error(ExitCode::bad_input, fmt::format("{}: {}", for_message(name), why));
}

std::string_view take_text(std::string_view& rest, const std::string& name) {
  const std::size_t end = rest.find(kNul);
  if (end == std::string_view::npos) bad_array(name, "the array is cut off");
  const std::string_view text = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return text;
}

// Not the command alone: the same one with values is another source.
std::string origin_of(std::string_view command) { return "--array " + std::string(command); }

ArrayRange parse_range(std::string_view text, const std::string& name) {
  try {
    return ArrayRange::parse(text, "the array's range");
  } catch (const Error& error) {
    bad_array(name, error.what());
  }
}

}  // namespace

Bytes make_array_source(std::string_view range, std::string_view command) {
  ByteWriter out;
  for (const std::string_view text : {kFirstLine, command, std::string_view(&kNul, 1), range}) {
    out.put_raw(text.data(), text.size());
  }
  out.put(kNul);
  return out.take();
}

std::string array_origin(std::string_view beginning) {
  if (!beginning.starts_with(kFirstLine)) return "";
  beginning.remove_prefix(kFirstLine.size());
  const std::size_t end = beginning.find(kNul);
  return end == std::string_view::npos ? "" : origin_of(beginning.substr(0, end));
}

TaskFile parse_array_source(Bytes bytes, std::string name) {
  TaskFile file;
  file.form = TaskFile::Form::array;
  file.name = std::move(name);
  file.bytes = std::move(bytes);
  std::string_view rest = as_text(file.bytes);
  if (!rest.starts_with(kFirstLine)) {
    bad_array(file.name, fmt::format("an array of another version ('{}'); this kiln reads '{}'",
                                     for_message(rest.substr(0, rest.find('\n')), 40),
                                     kFirstLine.substr(0, kFirstLine.size() - 1)));
  }
  rest.remove_prefix(kFirstLine.size());
  const std::string_view command = take_text(rest, file.name);
  const std::string_view range = take_text(rest, file.name);
  if (!rest.empty()) bad_array(file.name, "the array goes on behind its range");
  if (command.size() > kLongestCommand) {
    bad_array(file.name, fmt::format("the command has {} bytes, the longest that Linux can start has {}; put it into a "
                                     "script",
                                     command.size(), kLongestCommand));
  }
  file.array = parse_range(range, file.name);
  file.commands.push_back(command);
  file.origin = origin_of(command);
  return file;
}

}  // namespace kiln::units
