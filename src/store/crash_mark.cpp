#include "store/crash_mark.hpp"

#include "base/start_directory.hpp"
#include "store/small_file.hpp"

#include <fmt/core.h>
#include <unistd.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <exception>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>

namespace kiln::store {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = 4096;

std::optional<CrashMark> read_mark(const fs::path& path) try {
  std::istringstream in(read_small_file(path, kMostBytes).value_or(""));
  std::int32_t rank = 0;
  std::uint32_t stage = 0;
  std::uint64_t first = 0, last = 0;
  std::string build;
  if (!(in >> rank >> stage >> first >> last >> build) || rank < 0 || first >= last) return std::nullopt;
  return CrashMark{Rank(rank), StageId(stage), make_interval(first, last), build};
} catch (const Error&) {
  return std::nullopt;
}

template <class Visitor>
void visit_marks(const fs::path& run_directory, const Visitor& visit) {
  std::error_code ignored;
  for (fs::directory_iterator item(from_start(run_directory), ignored), end; !ignored && item != end;
       item.increment(ignored)) {
    if (item->path().filename().string().starts_with(kCrashPrefix)) visit(item->path());
  }
}

}  // namespace

fs::path crash_mark(const fs::path& run_directory, std::string_view launch_id, Rank rank) {
  return run_directory / fmt::format("{}{}-{}", kCrashPrefix, launch_id, rank.value());
}

std::optional<CrashMark> find_crash_mark(const fs::path& run_directory, std::string_view launch_id,
                                         Rank rank) noexcept {
  try {
    const fs::path path = from_start(crash_mark(run_directory, launch_id, rank));
    if (::access(path.c_str(), F_OK) != 0) return std::nullopt;
    auto mark = read_mark(path);
    return mark ? mark : CrashMark{rank, {}, {}, ""};
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

std::vector<CrashMark> read_crash_marks(const fs::path& run_directory) noexcept {
  std::vector<CrashMark> marks;
  try {
    visit_marks(run_directory, [&](const fs::path& path) {
      if (const auto mark = read_mark(path)) marks.push_back(*mark);
    });
    std::ranges::stable_sort(marks, {}, &CrashMark::rank);
  } catch (const std::exception&) {
    marks.clear();
  }
  return marks;
}

void remove_crash_marks(const fs::path& run_directory) noexcept {
  try {
    visit_marks(run_directory, [](const fs::path& path) { ::unlink(from_start(path).c_str()); });
  } catch (const std::exception&) {
    return;
  }
}

}  // namespace kiln::store
