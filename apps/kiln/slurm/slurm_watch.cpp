#include "slurm/slurm_watch.hpp"

#include "base/quantity.hpp"
#include "job/clock.hpp"
#include "job/environment.hpp"
#include "job/first_node.hpp"
#include "job/mpirun_process.hpp"
#include "job/slurm_programs.hpp"
#include "job/unwatched_note.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <kiln/error.hpp>
#include <memory>
#include <string>
#include <vector>

namespace kiln::cli {
namespace {

using Words = std::vector<std::string>;

constexpr std::uint64_t kMostNodes = 1'000'000;

// It may be that nobody hears it any more: then it goes on.
void say(const std::string& line) {
  const std::string text = line + "\n";
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
}

std::string value(const job::Variables& variables, const char* name) {
  const auto found = variables.find(name);
  return found == variables.end() ? "" : found->second;
}

std::string found(const job::SlurmTools& slurm, const char* name) {
  std::string path = slurm.find(name);
  if (path.empty()) throw Error(ExitCode::bad_input, fmt::format("there is no {} on the PATH: Slurm's programs", name));
  return path;
}

// On a node that watches. What cannot be done now is tried again.
[[noreturn]] void look_for_ever(const SlurmWatchCommand& command, const job::Variables& variables) {
  signal(SIGPIPE, SIG_IGN);
  fcntl(STDERR_FILENO, F_SETFL, fcntl(STDERR_FILENO, F_GETFL) | O_NONBLOCK);
  const job::SlurmTools slurm;
  const std::string scontrol = found(slurm, "scontrol");
  const Words to_end = command.cancel ? Words{found(slurm, "scancel")} : Words{scontrol, "requeue"};
  while (true) {
    say(job::WatchingNode::kLooks);
    poll(nullptr, 0, static_cast<int>(to_seconds(command.every) * 1000));
    if (!job::first_node_is_lost(command.first, variables, scontrol, slurm.ask())) continue;
    Words words = to_end;
    words.push_back(value(variables, "SLURM_JOB_ID"));
    const job::Answer answer = slurm.ask()(words);
    if (!answer.well) say(answer.text);
  }
}

class Watching {
 public:
  Watching(std::uint32_t node, std::uint32_t nodes, const SlurmWatchCommand& command, const std::string& first,
           const std::string& srun)
      : node_(fmt::format("node {} of {}", node + 1, nodes), first, command.patience, job::now()),
        process_(words(node, command, first, srun), {}, -1) {}

  std::string hear() {
    bool ended = false;
    const Words lines = process_.read_lines(ended);
    return node_.hear(lines, ended, job::now());
  }
  const job::WatchingNode& node() const { return node_; }
  int descriptor() const { return node_.ended() ? -1 : process_.error_descriptor(); }

 private:
  static Words words(std::uint32_t node, const SlurmWatchCommand& command, const std::string& first,
                     const std::string& srun) {
    Words all{
        srun, "--overlap", "--no-kill", "--mpi=none", "--nodes=1", "--ntasks=1", fmt::format("--relative={}", node)};
    const Words rest{std::filesystem::read_symlink("/proc/self/exe").string(),
                     "slurm",
                     "watch",
                     "--for",
                     first,
                     "--every",
                     fmt::format("{}ms", std::chrono::ceil<std::chrono::milliseconds>(command.every).count())};
    all.insert(all.end(), rest.begin(), rest.end());
    if (command.cancel) all.emplace_back("--cancel");
    return all;
  }

  job::WatchingNode node_;
  job::MpirunProcess process_;
};

void hear_all(std::vector<std::unique_ptr<Watching>>& all, const SlurmWatchCommand& command,
              const job::Variables& variables) {
  bool any = false;
  for (const auto& one : all) {
    const std::string line = one->hear();
    if (line.empty()) continue;
    any = true;
    say("kiln: " + line);
  }
  if (!any) return;
  std::string trouble;
  for (const auto& one : all) {
    if (!one->node().trouble().empty()) trouble += (trouble.empty() ? "" : "; ") + one->node().trouble();
  }
  job::note_unwatched(command.directory, variables, trouble);
}

}  // namespace

int watch_first_node(const SlurmWatchCommand& command) {
  const job::Variables variables = job::read_variables();
  if (value(variables, "SLURM_JOB_ID").empty()) {
    throw Error(ExitCode::usage, "kiln slurm watch is for the batch script of a Slurm job: SLURM_JOB_ID is not set");
  }
  if (!command.first.empty()) look_for_ever(command, variables);
  const pid_t parent = getppid();
  prctl(PR_SET_PDEATHSIG, SIGTERM);  // the batch script has ended
  if (getppid() != parent) return 0;
  const std::string first = value(variables, "SLURMD_NODENAME");
  const auto nodes = static_cast<std::uint32_t>(
      std::min(parse_count(value(variables, "SLURM_JOB_NUM_NODES")).value_or(1), kMostNodes));
  const std::vector<std::uint32_t> watching = job::watching_nodes(nodes);
  if (watching.empty()) return 0;
  const std::string srun = found(job::SlurmTools(), "srun");
  std::vector<std::unique_ptr<Watching>> all;
  for (const std::uint32_t node : watching)
    all.push_back(std::make_unique<Watching>(node, nodes, command, first, srun));
  const auto live = [](const auto& one) { return !one->node().ended(); };
  while (std::ranges::any_of(all, live)) {
    std::vector<pollfd> wait;
    for (const auto& one : all) wait.push_back({one->descriptor(), POLLIN, 0});
    poll(wait.data(), wait.size(), static_cast<int>(std::clamp(to_seconds(command.patience) * 250, 10.0, 1000.0)));
    hear_all(all, command, variables);
  }
  return 0;
}

}  // namespace kiln::cli
