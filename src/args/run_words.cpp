#include "args/run_words.hpp"

#include "args/option_values.hpp"
#include "base/log.hpp"
#include "exec/output_pattern.hpp"
#include "job/clock.hpp"
#include "job/stop_time.hpp"

#include <kiln/error.hpp>
#include <limits>

namespace kiln::args {
namespace {

constexpr unsigned kAll = kRun | kRetry | kProgram;

constexpr const char* kWork = "What runs, and where";
constexpr const char* kValues = "A command and its values";
constexpr const char* kFailure = "When units fail";
constexpr const char* kDeath = "When ranks die";
constexpr const char* kKept = "What is kept";
constexpr const char* kStopping = "Stopping";
constexpr const char* kShowing = "Showing";

RunOptionSpec word(const char* names, const char* value, const char* text, const char* group,
                   std::string RunWords::*field, unsigned takers = kRun | kRetry) {
  return {names, value, text, group, field, nullptr, nullptr, nullptr, takers};
}
RunOptionSpec flag(const char* names, const char* text, const char* group, bool RunWords::*field,
                   unsigned takers = kRun | kRetry) {
  return {names, "", text, group, nullptr, field, nullptr, nullptr, takers};
}
RunOptionSpec list(const char* names, const char* value, const char* text, const char* group,
                   std::vector<std::string> RunWords::*field) {
  return {names, value, text, group, nullptr, nullptr, nullptr, field, kRun};
}
RunOptionSpec count(const char* names, const char* text, const char* group, int RunWords::*field) {
  return {names, "", text, group, nullptr, nullptr, field, nullptr, kAll};
}

std::vector<RunOptionSpec> of_programs() {
  using W = RunWords;
  return {
      word("-o,--out", "DIR", "run directory (default: PROGRAM.kiln)", kWork, &W::out, kProgram),
      word("--seed", "N", "of what is random: the units' numbers, waits before\nretries", kWork, &W::seed, kProgram),
      word("--memory", "SIZE",
           "of a rank, for its data; auto: half of what the machine,\nthe control group or Slurm gives, shared by the "
           "ranks there.\nData by key that is more goes to files",
           kWork, &W::memory, kProgram),
      word("--scratch", "DIR", "for these files; all ranks must see it (default: the run\ndirectory)", kWork,
           &W::scratch, kProgram),
      flag("--retry", "units that failed in earlier launches are tried again", kWork, &W::retry, kProgram),
      flag("--only-new", "files that a glob did not find before become new\nunits, instead of an error", kWork,
           &W::only_new, kProgram),
      flag("--verify", "run a sample of the units twice, say where they give\nanother result, and end with 1 then",
           kWork, &W::verify, kProgram),
      flag("--explain", "print the stages of the first job and end, with nothing run", kWork, &W::explain, kProgram),
      word("--max-failures", "N|P%",
           "stop when so many have failed; auto: 10000 where there\nis a reduction, else none", kFailure,
           &W::max_failures, kProgram),
      word("--max-rejected", "N|P%",
           "stop when more records of a stage were rejected, or\na larger share of what it read, with exit code 3",
           kFailure, &W::max_rejected, kProgram),
      word("--export", "FORMAT", "csv, json or csv,json: each table as a file in\nDIR/export when the program ends",
           kKept, &W::exports, kProgram),
  };
}

std::vector<RunOptionSpec> of_commands() {
  using W = RunWords;
  return {
      word("-o,--out", "DIR", "run directory (default: tasks.kiln for tasks.txt,\ngzip.kiln for gzip ::: …)", kWork,
           &W::out, kRun),
      word("--array", "RANGE",
           "instead of TASKS: COMMAND once for each index, as a job\narray does: 1-1000, 0-99:3, 1,5,9", kWork,
           &W::array, kRun),
      word("-n,-j,--jobs,--workers", "N", "workers (default: one a core; in a Slurm job, one a\nCPU of it)", kWork,
           &W::workers, kAll),
      flag("--coordinator-works", "the coordinator runs units as well", kWork, &W::coordinator_works, kAll),
      word("--batch", "SIZE", "units handed out at a time: adaptive, guided, N,\na size (64KiB) or a time (200ms)",
           kWork, &W::batch, kAll),
      word("--shell", "PATH", "for commands that need a shell; auto: bash, else sh\n", kWork, &W::shell),
      flag("--fresh", "begin anew: what DIR holds of this run is deleted", kWork, &W::fresh, kRun | kProgram),
      flag("--takeover", "go on although DIR seems to be in use", kWork, &W::takeover, kAll),
      flag("--fast-network", "let MPI use the fast fabric; a rank's death may then\nend the job", kWork,
           &W::fast_network, kAll),
      word("--seed", "N", "of what is random: waits before retries", kWork, &W::seed),
      list("-a,--arg-file", "FILE", "values from FILE, one a line (-: standard input);\nagain: one more source",
           kValues, &W::arg_files),
      word("-C,--colsep", "REGEX", "split values into columns: {1} {2}", kValues, &W::colsep, kRun),
      word("--header", ":", "the first value of a source names it: {name}", kValues, &W::header, kRun),
      flag("-0,--null", "values of files end in NUL, not in newlines", kValues, &W::null, kRun),
      flag("--dry-run", "print the commands, run nothing", kValues, &W::dry_run, kRun),
      word("--retries", "N", "extra tries of a unit that fails", kFailure, &W::retries, kAll),
      word("--backoff", "TIME", "before the first retry; then doubles", kFailure, &W::backoff, kAll),
      word("--timeout", "TIME", "time limit of one try", kFailure, &W::timeout),
      word("--max-failures", "N|P%", "stop when so many have failed", kFailure, &W::max_failures),
      word("--heartbeat", "TIME",
           "a rank that is not heard of for so long is dead, and\nothers do its work; 0: nobody is declared dead",
           kDeath, &W::heartbeat, kAll),
      word("--restarts", "N",
           "when all ranks are gone, start again from the last\ncheckpoint: so often in a row without progress", kDeath,
           &W::restarts, kAll),
      word("--start-limit", "TIME", "ranks that are not all up by then are ended, and started\nagain; 0: no limit",
           kDeath, &W::start_limit, kAll),
      word("--keep-output", "WHICH", "output of units: all, failed, none", kKept, &W::keep_output),
      word("--output-limit", "SIZE", "a stream of a unit, at most 64MiB", kKept, &W::output_limit),
      word("--output-files", "PATTERN", "each unit's outputs whole, as files:\n'logs/{unit}.{stream}'", kKept,
           &W::output_files),
      list("--columns", "DEFINITION",
           "a value taken from the output of each unit:\n'loss=float:/loss ([0-9.]+)/' (repeatable)", kKept,
           &W::columns),
      word("--checkpoint-every", "TIME", "between commits; auto: 30s, more where one is dear\n", kKept,
           &W::checkpoint_every, kAll),
      word("--grace", "TIME", "for running units to end, when the run is stopped or\na unit is past its time",
           kStopping, &W::grace, kAll),
      word("--task-signal", "SIGNAL", "sent to running units when the run is stopped: TERM,\nUSR2, 10", kStopping,
           &W::task_signal),
      word("--on-finish", "COMMAND", "run by the shell when the run has ended, however\nit did", kStopping,
           &W::on_finish, kAll),
      word("--print", "HOW",
           "units' outputs while the run goes on: grouped (as units\nend), ordered (in their order), none", kShowing,
           &W::print),
      word("--progress", "HOW", "auto, bar, log, none", kShowing, &W::progress, kAll),
      count("-v,--verbose", "say more", kShowing, &W::verbose),
      count("-q,--quiet", "say only what is wrong", kShowing, &W::quiet),
  };
}

std::vector<RunOptionSpec> of_limits() {
  using W = RunWords;
  return {
      word("--cpus-per-unit", "K",
           "CPUs that each unit has for itself: so many fewer\nworkers, each bound to its own; OMP_NUM_THREADS=K",
           kWork, &W::cpus_per_unit),
      word("--gpus-per-unit", "G", "GPUs that each unit has for itself, as\nCUDA_VISIBLE_DEVICES says", kWork,
           &W::gpus_per_unit),
      word("--mem-per-unit", "SIZE", "a unit with more resident memory is ended: it has\nfailed", kFailure,
           &W::mem_per_unit),
      word("--until", "WHEN",
           "stop by itself so that all has ended by then: 2h, 18:00,\n2026-11-22T10:00, and in any case by the end of "
           "the "
           "job of\nSlurm, if there is one; auto: only so; never: not",
           kStopping, &W::until, kAll),
  };
}

std::vector<RunOptionSpec> of_second_runs() {
  using W = RunWords;
  return {
      flag("--speculate",
           "near the end, a unit that takes much longer than others\nis given to an idle worker as well, and the first "
           "result\ncounts. So it may run twice at a time: default for\nprograms only",
           kWork, &W::speculate, kAll),
      flag("--no-speculate", "no unit runs twice at a time", kWork, &W::no_speculate, kAll),
      flag(
          "--no-rerun-lost",
          "a command never starts a second time because a rank,\na node or the whole job was lost: what may have begun "
          "is\na dead letter, and kiln retry runs it again. For\ncommands only; one is handed out at a time",
          kDeath, &W::no_rerun_lost),
  };
}

[[noreturn]] void usage(const std::string& message) { throw Error(ExitCode::usage, message); }

void check_no_rerun_lost(const RunWords& words) {
  if (!words.no_rerun_lost) return;
  if (words.speculate) {
    usage(
        "--speculate may run a unit twice at a time, and --no-rerun-lost promises that none starts twice: leave one of "
        "them out");
  }
  if (words.batch == RunWords().batch) return;
  usage(
      "--batch says how many units are handed out at a time, and with --no-rerun-lost that is one, so that little is "
      "lost with a rank: leave one of them out");
}

void check_limits(const RunWords& words, job::RunOptions& options) {
  constexpr std::uint64_t kMostNeeded = 100'000;
  if (words.cpus_per_unit != "none") {
    options.cpus_per_unit =
        static_cast<std::uint32_t>(count_value("--cpus-per-unit", words.cpus_per_unit, 1, kMostNeeded));
  }
  if (words.gpus_per_unit != "none") {
    options.gpus_per_unit =
        static_cast<std::uint32_t>(count_value("--gpus-per-unit", words.gpus_per_unit, 1, kMostNeeded));
  }
  if (words.mem_per_unit != "none") {
    options.memory_per_unit =
        size_value("--mem-per-unit", words.mem_per_unit, 1, std::numeric_limits<std::uint64_t>::max());
  }
  options.until = job::parse_until("--until", words.until, job::wall_seconds());
}

void check_memory(const RunWords& words, job::RunOptions& options) {
  if (words.memory != kAutomatic) options.memory = memory_value("--memory", words.memory);
  options.scratch = words.scratch;
}

}  // namespace

std::span<const RunOptionSpec> run_option_specs() {
  static const std::vector<RunOptionSpec> kSpecs = [] {
    std::vector<RunOptionSpec> all = of_programs();
    for (const RunOptionSpec& spec : of_commands()) all.push_back(spec);
    for (const RunOptionSpec& spec : of_second_runs()) all.push_back(spec);
    for (const RunOptionSpec& spec : of_limits()) all.push_back(spec);
    return all;
  }();
  return kSpecs;
}

job::RunOptions check_run_words(const RunWords& words) {
  job::RunOptions options;
  if (!words.workers.empty()) {
    options.workers = static_cast<std::uint32_t>(count_value("--workers", words.workers, 1, kMostWorkers));
  }
  options.retries = static_cast<std::uint32_t>(count_value("--retries", words.retries, 0, kMostRetries));
  options.backoff = duration_value("--backoff", words.backoff, Zero::accepted);
  if (words.timeout != "none") options.timeout = duration_value("--timeout", words.timeout, Zero::refused);
  if (words.max_failures != kAutomatic) options.max_failures = max_failures_value(words.max_failures);
  options.max_failures_given = words.max_failures != kAutomatic;
  options.max_rejected = max_rejected_value(words.max_rejected);
  options.exports = export_value(words.exports);
  check_memory(words, options);
  options.batch = batch_value(words.batch);
  if (words.checkpoint_every != "auto") {
    options.checkpoint_every = duration_value("--checkpoint-every", words.checkpoint_every, Zero::refused);
  }
  options.keep_output = keep_output_value(words.keep_output);
  options.output_limit = size_value("--output-limit", words.output_limit, 0, kMostOutput);
  if (words.output_files != "none") {
    [[maybe_unused]] const exec::OutputPattern checked(words.output_files);  // throws for what is none
    options.output_files = words.output_files;
  }
  options.columns = exec::parse_result_columns("--columns", words.columns);
  options.grace = duration_value("--grace", words.grace, Zero::accepted);
  options.heartbeat = heartbeat_value("--heartbeat", words.heartbeat);
  options.restarts = static_cast<std::uint32_t>(count_value("--restarts", words.restarts, 0, kMostRestarts));
  options.start_limit = duration_value("--start-limit", words.start_limit, Zero::accepted);
  options.task_signal = signal_value("--task-signal", words.task_signal);
  if (words.speculate && words.no_speculate) usage("--speculate and --no-speculate exclude each other");
  if (words.speculate || words.no_speculate) options.speculate = words.speculate;
  if (words.speculate && !options.output_files.empty()) {
    usage(
        "--speculate may run a unit twice at a time, and both would write the same --output-files: leave one of them "
        "out");
  }
  check_no_rerun_lost(words);
  check_limits(words, options);
  options.no_rerun_lost = words.no_rerun_lost;
  if (words.on_finish != "none") options.on_finish = words.on_finish;
  if (words.shell.empty()) usage("--shell needs the path of a shell, or auto");
  if (words.shell != "auto") options.shell = words.shell;
  options.seed = count_value("--seed", words.seed, 0, std::numeric_limits<std::uint64_t>::max());
  options.dry_run = words.dry_run;
  options.fresh = words.fresh;
  options.retry = words.retry;
  options.only_new = words.only_new;
  options.verify = words.verify;
  options.takeover = words.takeover;
  options.coordinator_works = words.coordinator_works;
  options.fast_network = words.fast_network;
  options.print = print_value(words.print);
  options.progress = progress_value(words.progress);
  if (words.verbose != 0 && words.quiet != 0) usage("--verbose and --quiet exclude each other");
  options.verbosity = words.verbose != 0 ? words.verbose : words.quiet != 0 ? -1 : 0;
  const bool silent = options.verbosity < 0 && options.progress == job::ProgressMode::automatic;
  if (silent) options.progress = job::ProgressMode::none;
  return options;
}

void set_log_level(const job::RunOptions& options) {
  log::set_level(options.verbosity > 0   ? log::Level::debug
                 : options.verbosity < 0 ? log::Level::warning
                                         : log::Level::info);
}

}  // namespace kiln::args
