#include "run_arguments.hpp"

#include "base/condition.hpp"
#include "base/text.hpp"
#include "exec/output_pattern.hpp"
#include "option_values.hpp"
#include "units/argument_words.hpp"
#include "units/array_range.hpp"
#include "units/task_file.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <sstream>

namespace kiln::cli {
namespace {

constexpr const char* kWork = "What runs, and where";
constexpr const char* kValues = "A command and its values";
constexpr const char* kFailure = "When units fail";
constexpr const char* kKept = "What is kept";
constexpr const char* kStopping = "Stopping";
constexpr const char* kShowing = "Showing";

RunOptionSpec word(const char* names, const char* value, const char* text, const char* group,
                   std::string RunWords::*field, bool for_retry = true) {
  return {names, value, text, group, field, nullptr, nullptr, nullptr, for_retry};
}
RunOptionSpec flag(const char* names, const char* text, const char* group, bool RunWords::*field,
                   bool for_retry = true) {
  return {names, "", text, group, nullptr, field, nullptr, nullptr, for_retry};
}
RunOptionSpec list(const char* names, const char* value, const char* text, const char* group,
                   std::vector<std::string> RunWords::*field) {
  return {names, value, text, group, nullptr, nullptr, nullptr, field, false};
}
RunOptionSpec count(const char* names, const char* text, const char* group, int RunWords::*field) {
  return {names, "", text, group, nullptr, nullptr, field, nullptr, true};
}

[[noreturn]] void usage(const std::string& message) { throw Error(ExitCode::usage, message); }

[[noreturn]] void refuse_several(const std::vector<std::string>& words) {
  std::string all;
  for (const std::string& one : words) all += (all.empty() ? "" : " ") + one;
  usage(
      fmt::format("one task file is wanted, but there are {} words: {}\n"
                  "  a task file has one command a line; for a single command: echo '{}' | kiln run -\n"
                  "  a command takes its values behind :::, as in: kiln run gzip -9 ::: *.log; those that come from a "
                  "program: ls | kiln run gzip -9 :::: -",
                  words.size(), for_message(all, 80), for_message(all, 80)));
}

bool takes_values(const RunWords& words, const std::vector<std::string>& rest) {
  return !words.arg_files.empty() || std::any_of(rest.begin(), rest.end(), units::is_argument_separator);
}

void refuse_without_values(const RunWords& words) {
  const char* const option = !words.colsep.empty()   ? "--colsep"
                             : !words.header.empty() ? "--header"
                             : words.null            ? "--null"
                                                     : nullptr;
  if (option == nullptr) return;
  usage(fmt::format("{} is for values, but there are none: kiln run {} … COMMAND :::: FILE", option, option));
}

units::ArgumentWords values_of(const RunWords& words, const std::vector<std::string>& rest) {
  units::ArgumentWords values = units::parse_argument_words(rest, words.arg_files);
  if (!words.header.empty() && words.header != ":") {
    usage(fmt::format("--header does not take '{}'; accepted: the colon alone, as in: --header :",
                      for_message(words.header, 60)));
  }
  values.column_separator = words.colsep;
  values.header = !words.header.empty();
  values.nul_ended = words.null;
  return values;
}

void check_task_file(const std::string& file) {
  if (file.empty()) usage("the name of the task file is empty");
  std::error_code ignored;
  if (std::filesystem::is_regular_file(std::filesystem::path(file) / "run.json", ignored)) {
    usage(
        fmt::format("{0} is a run directory, not a task file; to go on with that run, give its task file again; "
                    "its failed units run again with: kiln retry {0}",
                    for_message(file)));
  }
}

job::RunOptions array_options(const RunWords& words, const std::vector<std::string>& rest) {
  if (takes_values(words, rest)) {
    usage("--array gives a command an index each, ::: and -a give it values: choose one of them");
  }
  refuse_without_values(words);
  units::ArrayRange::parse(words.array, "--array");
  if (rest.empty()) usage("--array needs a command behind it: kiln run --array 1-1000 ./job.sh");
  job::RunOptions options = check_run_words(words);
  std::string command;
  for (const std::string& word : rest) command += (command.empty() ? "" : " ") + word;
  if (command.find_first_not_of(" \t\n") == std::string::npos) usage("the command behind --array is blank");
  if (command.size() > units::kLongestCommand) {
    usage(fmt::format("the command has {} bytes, the longest that Linux can start has {}; put it into a script",
                      command.size(), units::kLongestCommand));
  }
  options.directory = words.out.empty() ? default_directory_of_command(command) : words.out;
  options.array = job::ArrayJob{words.array, std::move(command)};
  return options;
}

}  // namespace

std::span<const RunOptionSpec> run_option_specs() {
  using W = RunWords;
  static const std::array kSpecs{
      word("-o,--out", "DIR", "run directory (default: tasks.kiln for tasks.txt,\ngzip.kiln for gzip ::: …)", kWork,
           &W::out, false),
      word("--array", "RANGE",
           "instead of TASKS: COMMAND once for each index, as a job\narray does: 1-1000, 0-99:3, 1,5,9", kWork,
           &W::array, false),
      word("-n,-j,--jobs,--workers", "N", "workers (default: one a core; in a Slurm job, one a\nCPU of it)", kWork,
           &W::workers),
      flag("--coordinator-works", "the coordinator runs units as well", kWork, &W::coordinator_works),
      word("--batch", "SIZE", "units handed out at a time: adaptive, guided, N,\na size (64KiB) or a time (200ms)",
           kWork, &W::batch),
      word("--shell", "PATH", "for commands that need a shell; auto: bash, else sh\n", kWork, &W::shell),
      flag("--fresh", "begin anew: what DIR holds of this run is deleted", kWork, &W::fresh, false),
      flag("--takeover", "go on although DIR seems to be in use", kWork, &W::takeover),
      flag("--fast-network", "let MPI use the fast fabric; a rank's death may then\nend the job", kWork,
           &W::fast_network),
      word("--seed", "N", "of what is random: waits before retries", kWork, &W::seed),
      list("-a,--arg-file", "FILE", "values from FILE, one a line (-: standard input);\nagain: one more source",
           kValues, &W::arg_files),
      word("-C,--colsep", "REGEX", "split values into columns: {1} {2}", kValues, &W::colsep, false),
      word("--header", ":", "the first value of a source names it: {name}", kValues, &W::header, false),
      flag("-0,--null", "values of files end in NUL, not in newlines", kValues, &W::null, false),
      flag("--dry-run", "print the commands, run nothing", kValues, &W::dry_run, false),
      word("--retries", "N", "extra tries of a unit that fails", kFailure, &W::retries),
      word("--backoff", "TIME", "before the first retry; then doubles", kFailure, &W::backoff),
      word("--timeout", "TIME", "time limit of one try", kFailure, &W::timeout),
      word("--max-failures", "N|P%", "stop when so many have failed", kFailure, &W::max_failures),
      word("--keep-output", "WHICH", "output of units: all, failed, none", kKept, &W::keep_output),
      word("--output-limit", "SIZE", "a stream of a unit, at most 64MiB", kKept, &W::output_limit),
      word("--output-files", "PATTERN", "each unit's outputs whole, as files:\n'logs/{unit}.{stream}'", kKept,
           &W::output_files),
      list("--columns", "DEFINITION",
           "a value taken from the output of each unit:\n'loss=float:/loss ([0-9.]+)/' (repeatable)", kKept,
           &W::columns),
      word("--checkpoint-every", "TIME", "between commits; auto: 30s, more where one is dear\n", kKept,
           &W::checkpoint_every),
      word("--grace", "TIME", "for running units to end, when the run is stopped or\na unit is past its time",
           kStopping, &W::grace),
      word("--task-signal", "SIGNAL", "sent to running units when the run is stopped: TERM,\nUSR2, 10", kStopping,
           &W::task_signal),
      word("--on-finish", "COMMAND", "run by the shell when the run has ended, however\nit did", kStopping,
           &W::on_finish),
      word("--print", "HOW",
           "units' outputs while the run goes on: grouped (as units\nend), ordered (in their order), none", kShowing,
           &W::print),
      word("--progress", "HOW", "auto, bar, log, none", kShowing, &W::progress),
      count("-v,--verbose", "say more", kShowing, &W::verbose),
      count("-q,--quiet", "say only what is wrong", kShowing, &W::quiet),
  };
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
  options.max_failures = max_failures_value(words.max_failures);
  options.batch = batch_value(words.batch);
  if (words.checkpoint_every != "auto") {
    options.checkpoint_every = duration_value("--checkpoint-every", words.checkpoint_every, Zero::refused);
  }
  options.keep_output = keep_output_value(words.keep_output);
  options.output_limit = size_value("--output-limit", words.output_limit, kMostOutput);
  if (words.output_files != "none") {
    [[maybe_unused]] const exec::OutputPattern checked(words.output_files);  // throws for what is none
    options.output_files = words.output_files;
  }
  options.columns = exec::parse_result_columns("--columns", words.columns);
  options.grace = duration_value("--grace", words.grace, Zero::accepted);
  options.task_signal = signal_value("--task-signal", words.task_signal);
  if (words.on_finish != "none") options.on_finish = words.on_finish;
  if (words.shell.empty()) usage("--shell needs the path of a shell, or auto");
  if (words.shell != "auto") options.shell = words.shell;
  options.seed = count_value("--seed", words.seed, 0, std::numeric_limits<std::uint64_t>::max());
  options.dry_run = words.dry_run;
  options.fresh = words.fresh;
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

job::RunOptions run_options(const RunWords& words, const std::vector<std::string>& rest) {
  if (!words.array.empty()) return array_options(words, rest);
  if (takes_values(words, rest)) {
    job::RunOptions options = check_run_words(words);
    options.arguments = values_of(words, rest);
    options.directory = words.out.empty() ? default_directory_of_command(options.arguments->command) : words.out;
    return options;
  }
  refuse_without_values(words);
  if (rest.empty()) usage("the task file is missing, one command a line: kiln run tasks.txt (- reads standard input)");
  if (rest.size() > 1) refuse_several(rest);
  job::RunOptions options = check_run_words(words);
  check_task_file(rest.front());
  options.task_file = rest.front();
  options.directory = words.out.empty() ? default_directory(options.task_file) : words.out;
  if (options.directory == options.task_file) {
    usage(fmt::format("the run directory would be the task file {} itself; name another with --out DIR",
                      for_message(options.task_file)));
  }
  return options;
}

job::RunOptions retry_options(const RunWords& words, const std::string& directory) {
  if (directory.empty()) usage("the run directory is missing: kiln retry tasks.kiln");
  job::RunOptions options = check_run_words(words);
  options.directory = directory;
  options.retry = true;
  options.where = words.where;
  if (!words.where.empty()) Condition("--where", words.where);  // names are looked up in the run
  return options;
}

std::string default_directory(const std::string& task_file) {
  if (task_file == "-") return "stdin.kiln";
  return std::filesystem::path(task_file).stem().string() + ".kiln";
}

std::string default_directory_of_command(const std::string& command) {
  std::istringstream words(command);
  std::string word;
  const auto is_assignment = [](const std::string& one) {
    const std::size_t equals = one.find('=');
    return equals != std::string::npos && one.find_first_of("/{'\"") > equals;
  };
  while (words >> word && is_assignment(word)) {
  }
  const std::string name = word.substr(word.rfind('/') + 1);
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-";
  const bool plain = !name.empty() && name.find_first_not_of(kPlain) == std::string::npos && name[0] != '.' &&
                     name[0] != '-' && name.size() <= 200;
  return (plain ? name : "arguments") + ".kiln";
}

}  // namespace kiln::cli
