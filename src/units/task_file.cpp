#include "units/task_file.hpp"

#include "base/log.hpp"
#include "base/text.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <cstring>

namespace kiln::units {
namespace {

[[noreturn]] void bad_line(const std::string& name, std::int64_t line, const std::string& why) {
  throw Error(ExitCode::bad_input, fmt::format("{}:{}: {}", name, line, why));
}

bool is_command(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t\v\f\r");
  return first != std::string_view::npos && line[first] != '#';
}

}  // namespace

std::string TaskFile::place(std::int64_t line) const {
  return form == Form::lines ? fmt::format("{}:{}", for_message(name, 60), line) : "";
}

TaskFile parse_task_file(Bytes bytes, std::string name) {
  TaskFile file;
  file.name = std::move(name);
  file.bytes = std::move(bytes);
  std::string_view rest = as_text(file.bytes);
  bool dropped_cr = false;
  for (std::int64_t number = 1; !rest.empty(); ++number) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (!line.empty() && std::memchr(line.data(), 0, line.size()) != nullptr) {
      bad_line(file.name, number, "a NUL byte: this is a binary file, not a list of commands; give a text file");
    }
    if (!line.empty() && line.back() == '\r') {
      line.remove_suffix(1);
      dropped_cr = true;
    }
    if (!is_command(line)) continue;
    if (line.size() > kLongestCommand) {
      bad_line(file.name, number,
               fmt::format("the line has {} bytes, the longest command Linux can start has {}; put it into a script",
                           line.size(), kLongestCommand));
    }
    file.commands.push_back(line);
    file.lines.push_back(number);
  }
  if (dropped_cr) log::warning("{}: lines end in CR LF; the CR is dropped", file.name);
  return file;
}

}  // namespace kiln::units
