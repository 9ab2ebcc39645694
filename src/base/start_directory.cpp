#include "base/start_directory.hpp"

#include <system_error>

namespace kiln {
namespace {

// Never destroyed: threads may open files while the process ends.
std::filesystem::path& remembered() {
  static auto* const directory = new std::filesystem::path;  // NOLINT(cppcoreguidelines-owning-memory)
  return *directory;
}

}  // namespace

void remember_start_directory() noexcept {
  std::error_code failed;
  const std::filesystem::path here = std::filesystem::current_path(failed);
  remembered() = failed ? std::filesystem::path() : here;
}

std::filesystem::path start_directory() {
  return remembered().empty() ? std::filesystem::current_path() : remembered();
}

std::filesystem::path from_start(const std::filesystem::path& name) {
  if (name.empty() || name.is_absolute()) return name;
  return remembered() / name;
}

}  // namespace kiln
