#pragma once

#include <kiln/detail/interval.hpp>
#include <kiln/ids.hpp>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a rank whose own code has ended it leaves in the run directory: a small file. The run's owner removes all there
/// are when nothing is left to be done; until then they add up from launch to launch. Its first line: rank, stage,
/// first unit, the one behind the last, as decimal numbers, and the program's build.
namespace kiln::store {

inline constexpr std::string_view kCrashPrefix = ".kiln-tmp-crashed-";

struct CrashMark {
  Rank rank;
  StageId stage;
  Interval units;  ///< that it had begun, one after the other
  std::string build;
};

/// Of this rank in this launch.
std::filesystem::path crash_mark(const std::filesystem::path& run_directory, std::string_view launch_id, Rank rank);

/// The rank's, if it has left one. One that cannot be read (a full disk) has no units. To be asked
/// when the rank is dead and not before: NFS remembers for a while that a name was not there.
std::optional<CrashMark> find_crash_mark(const std::filesystem::path& run_directory, std::string_view launch_id,
                                         Rank rank) noexcept;

/// Those of all launches that the directory holds: of deaths that no coordinator has lived to see. By rank; what cannot
/// be read is left out.
std::vector<CrashMark> read_crash_marks(const std::filesystem::path& run_directory) noexcept;

/// All of all launches. Errors are ignored: a mark that stays does no harm.
void remove_crash_marks(const std::filesystem::path& run_directory) noexcept;

}  // namespace kiln::store
