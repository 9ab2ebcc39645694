#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace kiln::exec {

/// Finds programs as the shell does: the first executable file of that name in the folders of PATH. What was found is
/// remembered.
class ProgramPath {
 public:
  explicit ProgramPath(std::string path) : path_(std::move(path)) {}

  /// Null where there is none, or where the shell must look. Valid until the next call.
  const char* find(const std::string& name);

 private:
  std::string path_;
  std::unordered_map<std::string, std::string> found_;
};

}  // namespace kiln::exec
