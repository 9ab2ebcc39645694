#include "job/launch_facts.hpp"

#include "job/command_facts.hpp"

namespace kiln::job {

std::vector<Rank> working_ranks(const RunOptions& options, std::int32_t ranks) {
  std::vector<Rank> working;
  for (std::int32_t rank = options.coordinator_works || ranks == 1 ? 0 : 1; rank < ranks; ++rank) {
    working.emplace_back(rank);
  }
  return working;
}

RunObserver::Facts launch_facts(const RunOptions& options, const Environment& environment, const store::RunStore& store,
                                const std::string& launch_id, double started) {
  RunObserver::Facts facts;
  facts.launch_id = launch_id;
  facts.epoch = store.recovered().epoch;
  facts.host = host_name();
  facts.job_id = environment.slurm_job_id;
  facts.started = started;
  facts.launched = environment.launched();
  facts.launcher_logs = environment.launcher_logs;
  facts.no_rerun_lost = options.no_rerun_lost;
  facts.display = options.progress;
  return facts;
}

}  // namespace kiln::job
