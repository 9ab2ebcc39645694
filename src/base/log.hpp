#pragma once

#include <fmt/core.h>

#include <string_view>

namespace kiln::log {

enum class Level { debug, info, warning, error };

/// Lines go to standard error as "kiln: text" (with the rank in debug mode). Anything below the level is dropped.
/// Called once per process before the first line, else Level::info holds.
void set_level(Level level);
/// Shown in front of lines of ranks other than 0: "kiln[3]: …"; -1 for a process outside MPI.
void set_rank(int rank);
bool enabled(Level level);
void write(Level level, std::string_view text);

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::debug)) write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::info)) write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warning(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::warning)) write(Level::warning, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::error)) write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace kiln::log
