#pragma once

#include <kiln/ids.hpp>

#include <filesystem>
#include <string_view>

/// What a rank whose own code has ended it leaves in the run directory: a small file. The run's owner removes it when
/// it has seen it, and all there are when a launch begins and when the run has ended.
namespace kiln::store {

/// Of this rank in this launch.
std::filesystem::path crash_mark(const std::filesystem::path& run_directory, std::string_view launch_id, Rank rank);

/// Whether the rank has left one; it is gone then. To be asked when the rank is dead and not before: NFS remembers for
/// a while that a name was not there.
bool take_crash_mark(const std::filesystem::path& run_directory, std::string_view launch_id, Rank rank) noexcept;

/// All of all launches. Errors are ignored: a mark that stays does no harm.
void remove_crash_marks(const std::filesystem::path& run_directory) noexcept;

}  // namespace kiln::store
