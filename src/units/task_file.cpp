#include "units/task_file.hpp"

#include "base/log.hpp"
#include "base/text.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <cerrno>
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

[[noreturn]] void cannot_read(const std::string& path, int error) {
  throw Error(ExitCode::bad_input,
              fmt::format("cannot read {}: {}; check the path and its permissions", path, std::strerror(error)));
}

/// Closes on the way out, unless it is standard input.
struct InputFile {
  explicit InputFile(const std::string& path) : fd(path == "-" ? 0 : open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~InputFile() {
    if (fd > 0) close(fd);
  }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  int fd;
};

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

Bytes read_file(const std::string& path) {
  const InputFile input(path);
  const std::string shown = path == "-" ? "standard input" : path;
  if (input.fd < 0) cannot_read(shown, errno);
  struct stat status {};
  if (fstat(input.fd, &status) != 0) cannot_read(shown, errno);
  if (S_ISDIR(status.st_mode)) {
    throw Error(ExitCode::bad_input, fmt::format("{} is a directory; give a file with one command a line", shown));
  }
  constexpr std::size_t kStep = 1 << 16;
  // A size is only a hint: files in /proc say 0, and a file may grow while it is read.
  Bytes bytes(status.st_size > 0 ? static_cast<std::size_t>(status.st_size) + 1 : kStep);
  std::size_t used = 0;
  while (true) {
    if (used == bytes.size()) bytes.resize(bytes.size() + std::max(kStep, bytes.size() / 2));
    const ssize_t got = read(input.fd, bytes.data() + used, bytes.size() - used);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) cannot_read(shown, errno);
    if (got == 0) break;
    used += static_cast<std::size_t>(got);
  }
  bytes.resize(used);
  return bytes;
}

}  // namespace kiln::units
