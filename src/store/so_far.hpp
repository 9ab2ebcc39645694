#pragma once

#include "store/entry.hpp"

#include <filesystem>
#include <optional>
#include <string_view>

namespace kiln::store {

/// In the run directory.
inline constexpr std::string_view kSoFarName = "so_far.h5";

/// What the exact reductions of a stage that goes on had come to when somebody wrote it down. Nothing is built upon it:
/// it may be old, missing, or of a stage that counts no more.
struct SoFar {
  StageId stage;
  std::uint32_t round = 0;
  /// `counts`: `units` of the stage, `done` those that are in the values. `values`: of each reduce of the plan, where
  /// it is shown here, something (not the value itself). `show`: the values.
  StageEndEntry state;
};

/// Replaces the file; a crash leaves the old one or the new one. Beside what read_so_far() needs the file has each
/// value as /reduced/NAME, as results.h5 has it. `reduces`: of the stage's plan. Throws StorageError.
void write_so_far(const std::filesystem::path& run_directory, Epoch epoch, const SoFar& so_far,
                  const std::vector<PlanEntry::Reduce>& reduces);
/// Nothing where there is none, or none that can be read.
std::optional<SoFar> read_so_far(const std::filesystem::path& run_directory);
/// Errors are of no consequence.
void remove_so_far(const std::filesystem::path& run_directory) noexcept;

}  // namespace kiln::store
