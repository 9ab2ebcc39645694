#pragma once

#include "store/run_directory.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kiln::store {

/// How a program's newest launch was started: launch.json, from which `kiln retry` starts it again.
struct LaunchNote {
  std::string launch_id;
  std::string executable;            ///< absolute
  std::string directory;             ///< where it was started; absolute
  std::vector<std::string> options;  ///< with their values, as separate words; without those that only one launch means
  std::vector<std::string> operands;  ///< the other words
  bool exact = true;                  ///< every word is text, and so here as it was

  friend bool operator==(const LaunchNote&, const LaunchNote&) = default;
};

/// Replaces the note. Throws StorageError.
void write_launch_note(const RunDirectory& directory, const LaunchNote& note);

/// Nothing where there is none. Throws kiln::Error (run_directory) where it cannot be read or is damaged.
std::optional<LaunchNote> read_launch_note(const RunDirectory& directory);

}  // namespace kiln::store
