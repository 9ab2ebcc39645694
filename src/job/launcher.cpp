#include "job/launcher.hpp"

#include "base/log.hpp"
#include "base/quantity.hpp"
#include "exec/own_overlap.hpp"
#include "job/clock.hpp"
#include "job/lasting_srun.hpp"
#include "job/launch_attempt.hpp"
#include "job/launch_id.hpp"
#include "job/launch_outcome.hpp"
#include "job/launch_processes.hpp"
#include "job/long_unit.hpp"
#include "job/on_finish.hpp"
#include "job/restart_policy.hpp"
#include "job/session_folder.hpp"
#include "job/slurm_memory.hpp"
#include "job/slurm_nodes.hpp"
#include "job/slurm_programs.hpp"
#include "job/stop_time.hpp"
#include "job/task_input.hpp"
#include "job/unit_needs.hpp"
#include "job/until_note.hpp"
#include "net/versions.hpp"

#include <fmt/core.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <kiln/error.hpp>
#include <optional>
#include <utility>

namespace kiln::job {
namespace {

constexpr int kLookMilliseconds = 50;
constexpr const char* kGoOn = "run the same command again to go on from the last checkpoint";
constexpr const char* kSilenceLimitName = "KILN_SILENCE_LIMIT";  // seconds: a short one, for tests
constexpr Duration kPatienceWithNode = std::chrono::seconds(15);

/// Starts mpirun until the run has ended, or there is no sense in starting it again.
class Launcher {
 public:
  /// `spool`: was read before signals are caught; who interrupts that wants no run.
  Launcher(const RunOptions& options, const Environment& environment, const std::vector<std::string>& arguments,
           std::optional<Spool> spool)
      : options_(options),
        environment_(environment),
        waiter_({SIGINT, SIGTERM, SIGHUP, SIGUSR1}),
        display_(options.progress, observe::terminal_facts(STDERR_FILENO)),
        spool_(std::move(spool)),
        arguments_(rank_arguments(options, arguments)),
        policy_(options.restarts) {}

  int run();

 private:
  LaunchAttempt::End attempt(const std::string& launch_id);
  std::vector<std::string> variables(const std::string& launch_id) const;
  Duration silence_limit() const;
  SrunFacts srun_facts(const std::string& launch_id) const;
  bool start_again(const LaunchAttempt::End& end, const LaunchOutcome& outcome);
  bool pause(Duration time);
  bool look_for_nodes();
  void look_at_limit();
  void look_at_allocation() const;
  std::vector<Host> all_hosts() const;
  bool has_needs() const { return options_.cpus_per_unit != 0 || options_.gpus_per_unit != 0; }
  std::vector<Host> place_on_all();
  void look_at_placement(const std::vector<Host>& hosts) const;
  void place(const Placement& placement);
  bool starts_without_some(const LaunchAttempt::End& end, const LaunchOutcome& outcome);

  const RunOptions& options_;
  const Environment& environment_;
  Waiter waiter_;  // first: see LaunchAttempt
  observe::ProgressDisplay display_;
  std::optional<Spool> spool_;
  std::vector<std::string> arguments_;
  std::uint32_t workers_ = 0;
  std::string hosts_;  // as mpirun_words
  RestartPolicy policy_;
  UserSignals signals_;
  std::string first_, previous_;  // launches, as Environment has them
  std::uint64_t settled_ = 0;     // when the last one ended
  std::optional<double> stop_time_;
  std::string until_;  // as kUntilName
};

std::vector<std::string> Launcher::variables(const std::string& launch_id) const {
  std::vector<std::string> all{fmt::format("{}={}", kLaunchIdName, launch_id)};
  all.push_back(fmt::format("{}={}", kFirstLaunchName, first_));
  all.push_back(fmt::format("{}={}", kPreviousLaunchName, previous_));
  all.push_back(fmt::format("{}={}", kStopTimeName, stop_time_ ? fmt::format("{:.0f}", *stop_time_) : ""));
  all.push_back(fmt::format("{}={}", kUntilName, until_));
  all.push_back(fmt::format("{}={}", kTellPlanName, display_.mode() == observe::DisplayMode::log ? "1" : ""));
  if (geteuid() == 0) {
    all.emplace_back("OMPI_ALLOW_RUN_AS_ROOT=1");
    all.emplace_back("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1");
  }
  // When a node is lost, Slurm would end mpirun's daemons on all others, some time later.
  if (!environment_.slurm_job_id.empty()) {
    const Variables set = read_variables();
    for (const char* name : {"OMPI_MCA_plm_slurm_args", "PRTE_MCA_plm_slurm_args"}) {
      if (!set.contains(name)) all.push_back(fmt::format("{}=--no-kill", name));
    }
  }
  // The step of an mpirun before may still wait for a node that is lost: the new one's daemons need not wait for that.
  if (!previous_.empty() && !environment_.slurm_job_id.empty() && !read_variables().contains("SLURM_OVERLAP")) {
    all.insert(all.end(), {"SLURM_OVERLAP=1", std::string(exec::kOwnOverlap)});
  }
  return all;
}

SrunFacts Launcher::srun_facts(const std::string& launch_id) const {
  const SlurmTools slurm(kPatienceWithNode);
  const std::filesystem::path status = std::filesystem::path(options_.directory) / "status.json";
  return {slurm.find("srun"), slurm.path(), std::filesystem::absolute(status), launch_id};
}

LaunchAttempt::End Launcher::attempt(const std::string& launch_id) {
  if (spool_) spool_->rewind();
  // Where nobody is ever declared dead, a rank that dies must end the others.
  const std::vector<std::string> recovery =
      options_.heartbeat > Duration::zero() ? recovery_words(net::mpi_library_version()) : std::vector<std::string>();
  const std::vector<std::string> words =
      mpirun_words(options_, workers_, recovery, hosts_,
                   {kLaunchIdName, kFirstLaunchName, kPreviousLaunchName, kStopTimeName, kUntilName, kTellPlanName},
                   own_program(), arguments_);
  std::vector<std::string> all = variables(launch_id);
  std::optional<LastingSrun> srun;
  if (!recovery.empty() && environment_.slurm_node_cpus.size() > 1) {
    srun.emplace(srun_facts(launch_id), environment_.temporary_directory);
    all.insert(all.end(), srun->variables().begin(), srun->variables().end());
  }
  LaunchAttempt attempt({options_, waiter_, display_, signals_, silence_limit()}, words, all, launch_id,
                        spool_ ? spool_->descriptor() : -1);
  return attempt.run();
}

Duration Launcher::silence_limit() const {
  const Duration limit = SilenceBound::limit_for(options_.heartbeat);
  const Variables variables = read_variables();
  const auto given = variables.find(kSilenceLimitName);
  const auto seconds = given == variables.end() ? std::nullopt : parse_count(given->second);
  return seconds && limit > Duration::zero() ? std::chrono::seconds(*seconds) : limit;
}

// Where units have needs, mpirun is told how many workers a machine has; else it knows. Returns the machines it is
// told.
std::vector<Host> Launcher::place_on_all() {
  workers_ = worker_count(options_, environment_);
  hosts_.clear();
  if (!has_needs()) return {};
  std::vector<Host> hosts = all_hosts();
  place(place_workers(options_, hosts, visible_gpus(read_variables()).size()));
  return hosts;
}

void Launcher::look_at_placement(const std::vector<Host>& hosts) const {
  const std::string fewer = placement_note(options_, hosts, visible_gpus(read_variables()).size());
  if (!fewer.empty()) log::info("{}", fewer);
  const std::string memory = memory_note(memory_need(options_, environment_, workers_, hosts_));
  if (!memory.empty()) log::warning("{}", memory);
}

void Launcher::look_at_allocation() const {
  const Variables variables = read_variables();
  const auto per_task = variables.find("SLURM_CPUS_PER_TASK");
  const auto cpus = per_task == variables.end() ? std::nullopt : parse_count(per_task->second);
  const std::string note =
      allocation_note(options_, environment_.slurm_cpus, static_cast<std::uint32_t>(cpus.value_or(0)));
  if (!note.empty()) log::warning("{}", note);
}

void Launcher::place(const Placement& placement) {
  workers_ = placement.workers;
  hosts_ = placement.hosts;
}

std::vector<Host> Launcher::all_hosts() const {
  const SlurmTools slurm(kPatienceWithNode);
  const std::vector<Host> hosts = slurm_hosts(read_variables(), slurm.find("scontrol"), slurm.ask());
  return hosts.empty() ? std::vector<Host>{{"", cpus_here()}} : hosts;
}

void Launcher::look_at_limit() {
  const SlurmTools slurm(kPatienceWithNode);
  const double begun = wall_seconds();
  Until until = options_.until;
  const bool asked = until.kind == Until::Kind::at;
  if (const auto note = asked && !options_.fresh ? read_until_note(options_.directory) : std::nullopt) {
    const UntilNote now = this_start(read_variables(), read_again_note(options_.directory));
    until.time = time_of_first_start(*note, until.asked, now).value_or(until.time);
  }
  const auto end = end_of_job(until, environment_, slurm.find("squeue"), slurm.ask(), begun);
  if (!end) return;
  if (asked) until_ = fmt::format("{:.0f}{}", until.time, end->asked ? " first" : "");
  stop_time_ = std::max(stop_before(end->time, begun, options_.grace), 0.0);
  const std::string warning = limit_warning(*stop_time_, begun, options_.timeout);
  if (!warning.empty()) log::warning("{}", warning);
  const double left = *stop_time_ - begun;
  const auto found = left > 0 && !options_.fresh ? find_long_unit(options_.directory, left) : std::nullopt;
  if (found) log::warning("{}", long_unit_warning(*found, left));
}

int Launcher::run() {
  look_at_limit();
  look_at_allocation();
  look_at_placement(place_on_all());
  if (net::mpi_library_version().starts_with("Open MPI v4")) make_session_folder(read_variables());
  while (true) {
    const std::string launch_id = make_launch_id();
    const LaunchAttempt::End end = attempt(launch_id);
    const bool by_itself = WIFEXITED(end.status) && !end.forced;
    LaunchOutcome outcome = by_itself ? read_outcome(options_.directory, launch_id) : LaunchOutcome();
    const int status = end.forced ? SIGTERM : end.status;  // what it says then is nothing of its own
    std::optional<int> code = exit_code_of(status, end.exit_code, outcome);
    if (!by_itself || !code) {
      // Whoever still lives may commit, and what it runs could be run by another launch too.
      const bool at_once = signals_.count >= 2 || end.overdue;
      if (!end_launch(launch_id, at_once ? EndLaunch::at_once : EndLaunch::patiently))
        log::warning("processes of the launch {} cannot be ended", launch_id);
      outcome = read_outcome(options_.directory, launch_id);
      code = exit_code_of(status, end.exit_code, outcome);
    }
    // Slurm may tell mpirun to end at the same moment as the launcher, and then that is what was wanted.
    if (!code && outcome.cut_off && !pause({})) {
      log::info("stopped early; {}", kGoOn);
      code = to_int(ExitCode::stopped_early);
    }
    if (code && !starts_without_some(end, outcome)) return *code;
    if (outcome.began && first_.empty()) first_ = launch_id;
    previous_ = launch_id;
    if (!code && !start_again(end, outcome)) return to_int(ExitCode::stopped_early);
  }
}

bool Launcher::start_again(const LaunchAttempt::End& end, const LaunchOutcome& outcome) {
  const std::string what = describe_end(end.status, outcome, end.overdue, end.silent);
  if (signals_.count != 0 || options_.restarts == 0) {
    log::error("{}; {}", what, kGoOn);
    return false;
  }
  const auto restart = policy_.next(outcome.settled > settled_);
  settled_ = std::max(settled_, outcome.settled);
  if (!restart) {
    log::error("{}; gave up after {} restarts without progress. What is committed is kept: {}", what, options_.restarts,
               kGoOn);
    return false;
  }
  log::warning("{}; starting again in {} ({} of {})", what, format_duration(restart->pause), restart->number,
               options_.restarts);
  if (pause(restart->pause)) {
    if (!look_for_nodes()) return false;
    if (pause({})) return true;
  }
  log::error("stopped before the run was started again; {}", kGoOn);
  return false;
}

// False: the user wants no more.
bool Launcher::pause(Duration time) {
  for (const Instant until = now() + time;; ::poll(nullptr, 0, kLookMilliseconds)) {
    signals_.count += static_cast<unsigned>(waiter_.take_signals().size());
    if (signals_.count != 0) return false;
    if (now() >= until) return true;
  }
}

// In a Slurm job mpirun would wait for a node that is lost. False: no unit fits on the others.
bool Launcher::look_for_nodes() {
  if (environment_.slurm_job_id.empty()) return true;
  const SlurmTools slurm(kPatienceWithNode);
  const SlurmNodes nodes = find_slurm_nodes(read_variables(), slurm.find("scontrol"), slurm.find("srun"), slurm.ask());
  if (nodes.hosts.empty()) {
    place_on_all();
    return true;
  }
  hosts_ = nodes.hosts;
  workers_ = options_.workers.value_or(nodes.cpus);
  if (has_needs()) place(place_workers_left(options_, parse_hosts(hosts_), visible_gpus(read_variables()).size()));
  const std::string lost =
      fmt::format("{} of this job: no process starts there any more: {}",
                  nodes.silent.size() == 1 ? "1 node" : fmt::format("{} nodes", nodes.silent.size()),
                  fmt::join(nodes.silent, ", "));
  if (workers_ == 0) {
    log::error(
        "{}; on the others no unit has the CPUs or GPUs that it needs. What is committed is kept: run the same "
        "command again in a job of other nodes",
        lost);
    return false;
  }
  log::warning("{}; going on with {} on {}", lost, workers_ == 1 ? "1 worker" : fmt::format("{} workers", workers_),
               hosts_);
  return true;
}

// A node that is lost before the run begins keeps mpirun from starting the ranks on all others.
bool Launcher::starts_without_some(const LaunchAttempt::End& end, const LaunchOutcome& outcome) {
  if (outcome.began || end.exit_code || signals_.count != 0 || options_.restarts == 0) return false;
  const std::string before = hosts_;
  return look_for_nodes() && !hosts_.empty() && hosts_ != before && pause({});
}

}  // namespace

int launch(const RunOptions& options, const Environment& environment, const std::vector<std::string>& arguments) {
  // A reader of our standard error that goes away ("| head") must not end the run.
  std::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c): SIGPIPE can be ignored
  // Whoever started us may ignore it, and that is inherited: mpirun's end would never be seen.
  std::signal(SIGCHLD, SIG_DFL);  // NOLINT(cert-err33-c): as above
  const int code = Launcher(options, environment, arguments, spool_input(options, environment)).run();
  run_on_finish(options, code, false);
  return code;
}

}  // namespace kiln::job
