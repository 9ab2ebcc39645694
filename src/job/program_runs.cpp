#include "base/start_directory.hpp"
#include "flow/fold.hpp"
#include "job/program_running.hpp"
#include "shuffle/run_folder.hpp"
#include "store/file_ops.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <kiln/error.hpp>
#include <set>
#include <system_error>
#include <utility>

/// ProgramRun: the files of steps by key. A stage that ends in one gives a list of runs; what the journal has of it
/// counts only while these are there.
namespace kiln::job {

// Writer thread.
store::StageState ProgramRun::begin_stage(const detail::StagePlan& plan, StageId stage, store::PlanEntry entry,
                                          const store::PlanEntry* shorter) {
  store::StageStore& stages = store_->stages();
  const bool keyed = std::any_of(plan.reduces.begin(), plan.reduces.end(), [](const auto& one) { return one.keyed; });
  // In this launch workers may have written runs that nobody has named yet; they are there, or on their way.
  if (!keyed || began_in_this_launch(stage)) return stages.begin(stage, std::move(entry), shorter);
  const auto folder = runs_folder();
  std::set<std::string> named;
  bool needed = true;
  const auto lost = [&](const store::StageState& state) -> std::string {
    needed = !state.end || !stages.is_followed(stage, *state.end, plan.reader);
    if (!needed) return "";
    const std::vector<detail::RunReference> runs = runs_of(plan, state);
    const std::string why = shuffle::first_fault(folder, runs);
    for (const detail::RunReference& run : runs) named.insert(run.name);
    return why.empty() ? why : fmt::format("a file with what it gave by key is lost ({})", why);
  };
  store::StageState state = stages.begin(stage, std::move(entry), shorter, lost);
  if (!state.resumed) named.clear();
  if (needed) shuffle::remove_other_runs(folder, store::runs_prefix(stage), named);
  return state;
}

std::vector<detail::RunReference> ProgramRun::runs_of(const detail::StagePlan& plan,
                                                      const store::StageState& state) const {
  flow::Fold fold(plan);
  if (!state.end) store_->stages().read_partials([&](const Bytes& partials) { fold.admit(partials); });
  const std::vector<std::optional<Bytes>> values = state.end ? state.end->values : fold.values();
  std::vector<detail::RunReference> runs;
  for (std::size_t i = 0; i < plan.reduces.size(); ++i) {
    if (!plan.reduces[i].keyed) continue;
    if (i >= values.size() || !values[i]) throw Error(ExitCode::internal, "a stage by key has no list of its runs");
    for (detail::RunReference& run : detail::decode_runs(*values[i]).runs) runs.push_back(std::move(run));
  }
  return runs;
}

// Writer thread: the program is complete. Once they were kept for nights to come, they stay: whoever starts the program
// without --only-new in between, to look whether all is done, must not cost the next night everything.
void ProgramRun::leave_runs() const {
  std::error_code ignored;  // they only take space
  const std::filesystem::path kept = runs_folder() / "only-new";
  if (options_.only_new && std::filesystem::is_directory(runs_folder(), ignored)) std::ofstream{kept};
  if (options_.only_new || std::filesystem::exists(kept, ignored)) return;
  std::filesystem::remove_all(from_start(store::runs_folder(store_->directory().path())), ignored);
  std::filesystem::remove_all(runs_folder(), ignored);
}

std::filesystem::path ProgramRun::runs_folder() const {
  if (!options_.scratch.empty()) return scratch_of(store_->directory().facts());
  return store::runs_folder(std::filesystem::absolute(from_start(store_->directory().path())).lexically_normal());
}

// Of --scratch a folder for one run alone, whichever others lie there: by where it is, and by its begin.
std::filesystem::path ProgramRun::scratch_of(const store::RunFacts& run) const {
  const auto directory = std::filesystem::absolute(from_start(store_->directory().path())).lexically_normal();
  const std::string identity = directory.string() + to_json(run);
  return std::filesystem::absolute(from_start(options_.scratch)).lexically_normal() /
         fmt::format("{}-{:016x}", directory.filename().string(), checksum(as_bytes(identity)));
}

void ProgramRun::prepare_scratch() {
  if (options_.scratch.empty()) return;
  // With --takeover, ranks of the run that was deleted may still be at work.
  if (const auto& deleted = store_->recovered().deleted; deleted && !options_.takeover) {
    std::error_code ignored;  // it only takes space
    std::filesystem::remove_all(scratch_of(*deleted), ignored);
  }
  const auto folder = runs_folder();
  std::error_code failed;
  std::filesystem::create_directory(folder, failed);
  try {
    if (!failed) return greeting_.probes.push_back(lay_probe(FolderProbe::Of::scratch, folder, reign()));
  } catch (const store::StorageError&) {
    // It is there, and takes no files.
  }
  store_->release();
  throw Error(ExitCode::usage, fmt::format("--scratch {}: no folder can be made there ({}): name one that is there, "
                                           "that you may write to, and that all ranks see",
                                           options_.scratch, failed ? failed.message() : "it cannot be written to"));
}

}  // namespace kiln::job
