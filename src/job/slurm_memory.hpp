#pragma once

#include "job/environment.hpp"
#include "job/run_options.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What the commands of a job may take (--mem-per-unit), beside the memory that it has.
namespace kiln::job {

/// Of one node.
struct MemoryNeed {
  std::uint64_t of_unit = 0;    ///< bytes; 0: not said
  std::uint64_t at_a_time = 0;  ///< commands
  std::uint64_t cpus = 0;       ///< that the job has there
  std::uint64_t nodes = 1;      ///< of the job
  std::uint64_t memory = 0;     ///< bytes that the job has there; 0: not known
};

/// That the commands may take more than the job has, with what to do; "" where they may not, or where nothing is known.
std::string memory_note(const MemoryNeed& need);

/// Of the first node of this job, which is the one that this launcher is on: `workers` and `hosts` as mpirun gets them.
/// All is 0 outside Slurm.
MemoryNeed memory_need(const RunOptions& options, const Environment& environment, std::uint32_t workers,
                       const std::string& hosts);

/// As sbatch's --mem has it: "4000" and "4000M" are MiB, "64G" GiB; bytes. Nothing where it does not parse.
std::optional<std::uint64_t> parse_slurm_memory(std::string_view text);

}  // namespace kiln::job
