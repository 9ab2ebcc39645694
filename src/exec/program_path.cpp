#include "exec/program_path.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace kiln::exec {
namespace {

constexpr std::size_t kMostRemembered = 1024;

bool is_executable(const std::string& path) {
  struct stat status {};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0;
}

}  // namespace

const char* ProgramPath::find(const std::string& name) {
  if (name.find('/') != std::string::npos) return name.c_str();
  const auto known = found_.find(name);
  if (known != found_.end()) return known->second.c_str();
  std::string_view rest = path_;
  while (!rest.empty()) {
    const std::size_t end = rest.find(':');
    const std::string_view folder = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    // An empty folder means the present one; such a path is rare, the shell may have it.
    if (folder.empty() || folder.front() == '~') return nullptr;
    std::string path(folder);
    path.append("/").append(name);
    if (!is_executable(path)) continue;
    if (found_.size() >= kMostRemembered) found_.clear();
    return found_.emplace(name, std::move(path)).first->second.c_str();
  }
  return nullptr;
}

}  // namespace kiln::exec
