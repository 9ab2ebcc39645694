#pragma once

#include "job/environment.hpp"
#include "job/run_options.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>

namespace kiln::job {

/// What a rank of a program may take of the memory for its data, beside what MPI, HDF5 and the program have anyway; and
/// how it is dealt out.
struct MemoryBudget {
  std::uint64_t bytes = kLeastBudget;

  /// Of what a step by key emits, what is held and what is being written, with what sorting takes: Runner::most_held.
  std::size_t held_by_key() const { return bytes / 2; }
  /// Other results that a worker holds: protocol::Worker.
  std::uint64_t held(std::uint64_t usual) const { return std::min(usual, bytes / 8); }
  /// Blocks of runs that are read at once.
  std::size_t merged() const { return bytes / 4; }
  /// Of the coordinator: protocol::CoordinatorOptions.
  std::size_t committed(std::size_t usual) const { return std::min<std::size_t>(usual, bytes / 8); }
  std::size_t waiting(std::size_t usual) const { return std::min<std::size_t>(usual, bytes / 2); }
  /// Of rank 0 while it makes results.h5: store::RunStoreOptions.
  std::uint64_t results() const { return bytes / 2; }
  /// Of what was given up with ranks that are gone, and is kept while the process lives. So much at least that it takes
  /// many deaths: one that leaves for it costs more.
  std::size_t buried() const { return std::max<std::size_t>(bytes / 4, std::size_t{256} << 20); }
  /// Slices of datasets that are kept: of what is left.
  std::size_t slices(std::size_t usual) const { return std::min<std::size_t>(usual, bytes / 4); }
};

/// Bytes that this job has on this machine: of the machine, the control group or Slurm the least; 0 where none of them
/// is known. `root` is where proc and sys are ("/").
std::uint64_t memory_here(const Environment& environment, const std::filesystem::path& root = "/");

/// As --memory says, or half of memory_here(), shared by the ranks on this machine; kLeastBudget at least.
MemoryBudget memory_budget(const RunOptions& options, const Environment& environment,
                           const std::filesystem::path& root = "/");

}  // namespace kiln::job
