#include "job/stop_bound.hpp"

#include <fmt/core.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace kiln::job {
namespace {

// Are written again and again, whatever the run does.
constexpr std::array<std::string_view, 3> kBeats{"status.json", "owner.json", "events.jsonl"};

bool is_beat(const std::string& name) {
  return std::ranges::any_of(kBeats, [&](std::string_view beat) { return name.find(beat) != std::string::npos; });
}

struct Written {
  std::uint64_t files = 0, bytes = 0;
  std::int64_t seconds = 0, nanoseconds = 0;  // of the newest
};

Written written_in(const std::filesystem::path& directory) {
  namespace fs = std::filesystem;
  Written all;
  std::error_code failed;
  fs::recursive_directory_iterator at(directory, fs::directory_options::skip_permission_denied, failed);
  for (const fs::recursive_directory_iterator none; !failed && at != none; at.increment(failed)) {
    struct stat facts {};
    if (is_beat(at->path().filename().string()) || ::lstat(at->path().c_str(), &facts) != 0) continue;
    if (!S_ISREG(facts.st_mode)) continue;
    ++all.files;
    all.bytes += static_cast<std::uint64_t>(facts.st_size);
    const auto newest = std::max(std::pair(all.seconds, all.nanoseconds),
                                 std::pair<std::int64_t, std::int64_t>(facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec));
    all.seconds = newest.first;
    all.nanoseconds = newest.second;
  }
  return all;
}

}  // namespace

void StopBound::told(Instant now) {
  if (!told_) told_ = now;
}

void StopBound::seen(const std::string& sight, Instant now) {
  if (changed_ && sight == sight_) return;
  sight_ = sight;
  changed_ = now;
}

bool StopBound::passed(Instant now) const {
  return told_ && now >= std::max(*told_ + grace_, changed_.value_or(*told_)) + kPatience;
}

std::string sight_of(const std::optional<observe::StatusSnapshot>& status, const std::filesystem::path& run_directory) {
  std::string text;
  if (status) {
    const observe::UnitTotals& totals = status->totals;
    text = fmt::format("{} {} {} {} {} {} {} ", observe::to_text(status->state), status->epoch,
                       status->stage ? status->stage->ordinal : 0, totals.done, totals.failed, totals.committed,
                       status->result_bytes);
  }
  const Written written = written_in(run_directory);
  return text + fmt::format("{} {} {}.{}", written.files, written.bytes, written.seconds, written.nanoseconds);
}

}  // namespace kiln::job
