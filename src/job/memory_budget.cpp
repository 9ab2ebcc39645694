#include "job/memory_budget.hpp"

#include "job/machine_memory.hpp"

namespace kiln::job {
namespace {

constexpr std::uint64_t kShare = 2;

}  // namespace

std::uint64_t memory_here(const Environment& environment, const std::filesystem::path& root) {
  const std::uint64_t memory = machine_memory(root), of_job = environment.slurm_memory;
  return of_job != 0 && (memory == 0 || of_job < memory) ? of_job : memory;
}

MemoryBudget memory_budget(const RunOptions& options, const Environment& environment,
                           const std::filesystem::path& root) {
  if (options.memory) return {*options.memory};
  const std::uint64_t memory = memory_here(environment, root);
  const auto ranks = static_cast<std::uint64_t>(std::max(environment.mpi_ranks_here, 1));
  return {std::max(memory / kShare / ranks, kLeastBudget)};
}

}  // namespace kiln::job
