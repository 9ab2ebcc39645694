#include "job/memory_budget.hpp"

#include "job/machine_memory.hpp"

namespace kiln::job {
namespace {

constexpr std::uint64_t kShare = 2;

}  // namespace

MemoryBudget memory_budget(const RunOptions& options, const Environment& environment,
                           const std::filesystem::path& root) {
  if (options.memory) return {*options.memory};
  std::uint64_t memory = machine_memory(root);
  if (environment.slurm_memory != 0 && (memory == 0 || environment.slurm_memory < memory)) {
    memory = environment.slurm_memory;
  }
  const auto ranks = static_cast<std::uint64_t>(std::max(environment.mpi_ranks_here, 1));
  return {std::max(memory / kShare / ranks, kLeastBudget)};
}

}  // namespace kiln::job
