#include "job/launcher.hpp"

#include "base/log.hpp"
#include "base/quantity.hpp"
#include "job/clock.hpp"
#include "job/launch_id.hpp"
#include "job/mpirun_noise.hpp"
#include "job/mpirun_process.hpp"
#include "job/on_finish.hpp"
#include "job/run_printing.hpp"
#include "job/task_input.hpp"
#include "job/waiter.hpp"
#include "observe/progress_display.hpp"
#include "store/run_reader.hpp"

#include <fmt/core.h>
#include <poll.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <kiln/error.hpp>
#include <thread>
#include <utility>

namespace kiln::job {
namespace {

constexpr int kPollMilliseconds = 200;
constexpr Duration kPatienceAfterSecond = std::chrono::seconds(4);  // then mpirun itself is told to end

/// One launch: mpirun, what it says, what the user sees and the signals between them.
class Launch {
 public:
  Launch(const RunOptions& options, const std::vector<std::string>& words, std::string launch_id, int standard_input)
      : options_(options),
        launch_id_(std::move(launch_id)),
        waiter_({SIGINT, SIGTERM, SIGHUP, SIGUSR1}),
        display_(options.progress, observe::terminal_facts(STDERR_FILENO)),
        process_(words, environment(), standard_input) {
    if (options.print != observe::PrintMode::none) begin_printing();
  }

  /// Until mpirun has ended; its wait status.
  int run();

 private:
  std::vector<std::string> environment() const;
  void begin_printing();
  void print_rest();
  void hear_mpirun();
  void hear_signals();
  void show_status();
  void show_line(const std::string& line);

  const RunOptions& options_;
  std::string launch_id_;
  Waiter waiter_;  // before the process: it must not inherit our wish to see signals, nor miss one
  observe::ProgressDisplay display_;
  std::optional<observe::Printer> printer_;
  MpirunProcess process_;
  MpirunNoise noise_;
  bool running_ = false;  // the ranks take signals: they have written a status
  bool pending_ = false;  // a signal came in before that
  unsigned signals_ = 0;
  std::optional<Instant> end_mpirun_at_;
  bool stream_ended_ = false;
  bool over_ = false;              // the run has ended
  std::vector<std::string> held_;  // what was said after that, while outputs are printed
};

std::vector<std::string> Launch::environment() const {
  std::vector<std::string> extra{fmt::format("{}={}", kLaunchIdName, launch_id_)};
  if (geteuid() == 0) {
    extra.emplace_back("OMPI_ALLOW_RUN_AS_ROOT=1");
    extra.emplace_back("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1");
  }
  return extra;
}

int Launch::run() {
  while (true) {
    pollfd wait{stream_ended_ ? -1 : process_.error_descriptor(), POLLIN, 0};
    ::poll(&wait, 1, kPollMilliseconds);
    hear_mpirun();
    hear_signals();
    if (const auto status = process_.poll()) {
      hear_mpirun();
      for (const std::string& line : noise_.end()) show_line(line);
      display_.done();
      print_rest();
      return *status;
    }
  }
}

void Launch::hear_mpirun() {
  if (stream_ended_) return;
  const std::vector<std::string> texts = process_.read_lines(stream_ended_);
  show_status();  // after the lines were read: the summary comes when the status says "ended"
  for (const std::string& text : texts) {
    for (const std::string& line : noise_.line(text)) show_line(line);
  }
}

// The summary stands behind everything that the units said.
void Launch::show_line(const std::string& line) {
  if (over_ && printer_ && !printer_->finished()) {
    held_.push_back(line);
  } else {
    for (const std::string& earlier : std::exchange(held_, {})) display_.line(earlier);
    display_.line(line);
  }
}

void Launch::begin_printing() {
  observe::Printer::Options options;
  options.file = print_file(options_.directory, launch_id_);
  options.mode = options_.print;
  options.display = &display_;
  printer_.emplace(options, [this](const std::string& text) { display_.line("kiln: " + text); });
}

// Everything, however slowly it is read, unless a second signal comes in.
void Launch::print_rest() {
  if (!printer_) return;
  printer_->no_more();
  while (!printer_->finished()) {
    ::poll(nullptr, 0, kPollMilliseconds / 4);
    for ([[maybe_unused]] const int signal : waiter_.take_signals()) {
      if (++signals_ == 1)
        display_.line("kiln: the run has ended, its outputs are still printed. Once more ends that.");
    }
    if (signals_ < 2 || printer_->finished()) continue;
    printer_->abandon();
    display_.line("kiln: what was not printed yet is not printed; the results are kept");
    break;
  }
  for (const std::string& line : std::exchange(held_, {})) display_.line(line);
}

// Open MPI answers TERM and INT by killing the ranks within two seconds; USR1 it passes on, and the coordinator ends
// the run in good order. A second signal says: at once. Only when that does not help is mpirun itself told to end.
void Launch::hear_signals() {
  for ([[maybe_unused]] const int signal : waiter_.take_signals()) {
    ++signals_;
    if (signals_ == 1) {
      display_.line(
          fmt::format("kiln: stopping: running units get {}; what is done is kept. Once more ends it at once.",
                      format_duration(options_.grace)));
    }
    pending_ = true;
    if (signals_ >= 2 && !end_mpirun_at_) end_mpirun_at_ = now() + kPatienceAfterSecond;
    if (signals_ >= 3) end_mpirun_at_ = now();
  }
  if (pending_ && running_) {
    pending_ = false;
    process_.signal(SIGUSR1);
  }
  if (end_mpirun_at_ && now() >= *end_mpirun_at_) {
    end_mpirun_at_ = now() + kPatienceAfterSecond;
    process_.signal(SIGTERM);
  }
}

void Launch::show_status() {
  std::ifstream file(std::filesystem::path(options_.directory) / "status.json", std::ios::binary);
  if (!file) return;
  const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  try {
    const observe::StatusSnapshot snapshot = observe::status_from_json(text);
    if (snapshot.launch_id != launch_id_) return;
    running_ = true;
    over_ = snapshot.state == observe::RunState::ended;
    display_.show(snapshot);
  } catch (const Error&) {
    // Not ours, or of another version: the run itself will say so.
  }
}

// Only the end of this very launch counts; where there is no readable journal, there is none.
std::optional<store::EndEntry> find_end(const std::string& directory, const std::string& launch_id) {
  try {
    return store::RunReader::open(directory).find_end(launch_id);
  } catch (const std::exception& error) {
    log::debug("{}", error.what());
    return std::nullopt;
  }
}

// Errors before the run began reach us as the exit code of rank 0, which mpirun passes on.
int code_without_end(int status) {
  if (WIFEXITED(status)) {
    const int code = WEXITSTATUS(status);
    for (const ExitCode known : {ExitCode::usage, ExitCode::bad_input, ExitCode::run_directory, ExitCode::internal}) {
      if (code == to_int(known)) return code;
    }
  }
  log::error("the run ended before its end was written; run the same command again to go on from the last checkpoint");
  return to_int(ExitCode::stopped_early);
}

}  // namespace

std::string own_program() {
  std::error_code failed;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", failed);
  if (failed) throw Error(ExitCode::internal, "cannot find this program: /proc/self/exe does not say");
  return path.string();
}

std::uint32_t worker_count(const RunOptions& options, const Environment& environment) {
  if (options.workers) return *options.workers;
  if (environment.slurm_cpus != 0) return environment.slurm_cpus;
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  // Fails where the machine has more CPUs than the set has places.
  if (sched_getaffinity(0, sizeof cpus, &cpus) != 0) return std::max(1U, std::thread::hardware_concurrency());
  return static_cast<std::uint32_t>(std::max(1, CPU_COUNT(&cpus)));
}

std::vector<std::string> mpirun_words(const RunOptions& options, std::uint32_t workers, const std::string& program,
                                      const std::vector<std::string>& arguments) {
  const std::uint32_t ranks = options.coordinator_works ? workers : workers + 1;
  std::vector<std::string> words{"mpirun",          "-n", std::to_string(ranks), "--bind-to", "none",
                                 "--oversubscribe", "-x", kLaunchIdName};
  if (!options.fast_network) {
    for (const char* word : {"--mca", "pml", "ob1", "--mca", "btl", "self,vader,tcp"}) words.emplace_back(word);
  }
  words.push_back(program);
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

int launch(const RunOptions& options, const Environment& environment, const std::vector<std::string>& arguments) {
  // A reader of our standard error that goes away ("| head") must not end the run.
  std::signal(SIGPIPE, SIG_IGN);  // NOLINT(cert-err33-c): SIGPIPE can be ignored
  // Whoever started us may ignore it, and that is inherited: mpirun's end would never be seen.
  std::signal(SIGCHLD, SIG_DFL);  // NOLINT(cert-err33-c): as above
  const std::string launch_id = make_launch_id();
  const std::optional<Spool> spool = spool_input(options, environment);
  const std::vector<std::string> words =
      mpirun_words(options, worker_count(options, environment), own_program(), rank_arguments(options, arguments));
  int status = 0;
  {
    Launch running(options, words, launch_id, spool ? spool->descriptor() : -1);
    status = running.run();
  }
  const auto end = find_end(options.directory, launch_id);
  const int code = end ? end->exit_code : code_without_end(status);
  run_on_finish(options, code, false);
  return code;
}

}  // namespace kiln::job
