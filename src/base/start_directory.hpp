#pragma once

#include <filesystem>

/// The directory from which relative names are meant, whatever code of the user's does to that of the process.
///
/// Names stay as they were given, in messages and on disk; only what opens, makes, or asks for a file of that name
/// passes it through from_start().
namespace kiln {

/// From now on relative names mean files below the directory in which the process is now. Before other threads are
/// there; where the directory has no name that can be had, names go on to mean what they mean to the process.
void remember_start_directory() noexcept;

/// What was remembered; without it the directory of the process.
std::filesystem::path start_directory();

/// The name by which `name` is opened: an absolute one as it is, as is every one when nothing was remembered.
std::filesystem::path from_start(const std::filesystem::path& name);

}  // namespace kiln
