#include "store/crash_mark.hpp"

#include "store/small_file.hpp"

#include <fmt/core.h>
#include <unistd.h>

#include <exception>
#include <string>
#include <system_error>

namespace kiln::store {
namespace {

namespace fs = std::filesystem;

const std::string kPrefix = std::string(kTemporaryPrefix) + "crashed-";

}  // namespace

fs::path crash_mark(const fs::path& run_directory, std::string_view launch_id, Rank rank) {
  return run_directory / fmt::format("{}{}-{}", kPrefix, launch_id, rank.value());
}

bool take_crash_mark(const fs::path& run_directory, std::string_view launch_id, Rank rank) noexcept {
  try {
    const fs::path mark = crash_mark(run_directory, launch_id, rank);
    if (::access(mark.c_str(), F_OK) != 0) return false;
    ::unlink(mark.c_str());
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

void remove_crash_marks(const fs::path& run_directory) noexcept {
  try {
    std::error_code ignored;
    for (fs::directory_iterator item(run_directory, ignored), end; !ignored && item != end; item.increment(ignored)) {
      if (item->path().filename().string().starts_with(kPrefix)) ::unlink(item->path().c_str());
    }
  } catch (const std::exception&) {
    return;
  }
}

}  // namespace kiln::store
