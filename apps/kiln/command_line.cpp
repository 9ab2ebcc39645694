#include "command_line.hpp"

#include "args/option_parser.hpp"
#include "args/option_values.hpp"
#include "args/version_text.hpp"
#include "base/did_you_mean.hpp"
#include "base/text.hpp"
#include "gnu_options.hpp"
#include "help/commands.hpp"
#include "help/help_command.hpp"
#include "parser.hpp"
#include "run_arguments.hpp"
#include "run_help.hpp"
#include "selection.hpp"
#include "slurm/slurm_arguments.hpp"

#include <fmt/core.h>
#include <kiln/error.hpp>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <limits>

namespace kiln::cli {
namespace {

using args::count_value;
using args::duration_value;
using args::Options;
using args::Zero;
using Words = std::vector<std::string>;

[[noreturn]] void usage(const std::string& message) { throw Error(ExitCode::usage, message); }

// The one word that every command but run takes.
std::string only_directory(const Words& rest, const std::string& command) {
  if (rest.empty()) usage(fmt::format("the run directory is missing: {} tasks.kiln", command));
  if (rest.size() > 1)
    usage(fmt::format("one run directory is wanted, but there are {} words: {} tasks.kiln", rest.size(), command));
  if (rest.front().empty()) usage(fmt::format("the name of the run directory is empty: {} tasks.kiln", command));
  return rest.front();
}

Command parse_run(const Words& words) {
  RunWords given;
  Parser parser("kiln run", run_usage(), run_footer());
  parser.add_run_options(given, args::kRun);
  parser.refuse(gnu_options());
  const auto rest = parser.parse(words, Options::of_a_run);
  if (!rest) return parser.help();
  RunCommand command{run_options(given, *rest), {}};
  command.options.command_words = parser.from_first();
  return command;
}

Command parse_retry(const Words& words) {
  RunWords given;
  Parser parser("kiln retry", retry_usage(), retry_footer());
  parser.add_run_options(given, args::kRetry);
  parser.app()
      .add_option("--where", given.where, "only those failed units that the condition holds for, as\nof kiln results")
      ->option_text("CONDITION")
      ->group("What runs, and where")
      ->take_last();
  const auto rest = parser.parse(words, Options::anywhere);
  if (!rest) return parser.help();
  return RunCommand{retry_options(given, only_directory(*rest, "kiln retry")), parser.given()};
}

Command parse_status(const Words& words) {
  StatusCommand command;
  Parser parser("kiln status", status_usage(), status_footer());
  std::string every = "2s";
  CLI::App& app = parser.app();
  app.add_flag("--watch", command.watch, "show it again and again until the run has ended; on a\nterminal in place")
      ->group("Showing");
  app.add_option("--every", every, "with --watch: the pause between (default 2s)")
      ->option_text("TIME")
      ->group("Showing")
      ->take_last();
  app.add_flag("--json", command.json, "one JSON object, for programs")->group("Showing");
  const auto rest = parser.parse(words, Options::anywhere);
  if (!rest) return parser.help();
  command.every = duration_value("--every", every, Zero::refused);
  if (command.every < std::chrono::milliseconds(100))
    usage("--every takes 100ms and more: status.json changes once a second");
  if (every != "2s" && !command.watch) usage("--every needs --watch");
  command.directory = only_directory(*rest, "kiln status");
  return command;
}

// Which units, and what of them: the same for results and export.
void add_filters(CLI::App& app, SelectionOptions& selection) {
  constexpr const char* kWhich = "Which units";
  app.add_flag("--failed", selection.failed_only, "only units that failed, with their reasons")->group(kWhich);
  app.add_option("--where", selection.where,
                 "only units that the condition holds for:\n'exit_code>1', \"status==timeout and seconds>1m\"")
      ->option_text("CONDITION")
      ->group(kWhich)
      ->take_last();
  app.add_option("--columns", selection.columns,
                 "a value taken from the kept output, as kiln run does\nit: 'loss=float:/loss ([0-9.]+)/' (repeatable)")
      ->option_text("DEFINITION")
      ->group("What of them")
      ->allow_extra_args(false);
}

// Of runs of programs.
struct ProgramWords {
  std::string stage;
};

void add_program_options(CLI::App& app, SelectionOptions& selection, ProgramWords& words) {
  constexpr const char* kProgram = "Of a program's run";
  app.add_option("--table", selection.table, "the rows of this table; may be left out where it is the\nonly one")
      ->option_text("NAME")
      ->group(kProgram)
      ->take_last();
  app.add_option("--reduced", selection.reduced, "this reduced value; NAME/PART where it has several\ntables")
      ->option_text("NAME")
      ->group(kProgram)
      ->take_last();
  app.add_option("--stage", words.stage,
                 "only what is of this stage; of values, that of this\nstage (default: the last)")
      ->option_text("N")
      ->group(kProgram)
      ->take_last();
}

void take_program_words(const ProgramWords& words, SelectionOptions& selection) {
  if (!words.stage.empty()) {
    selection.stage = count_value("--stage", words.stage, 0, std::numeric_limits<std::uint32_t>::max());
  }
  const bool table = !selection.table.empty(), reduced = !selection.reduced.empty();
  if (table && reduced) usage("--table and --reduced exclude each other; ask twice");
  if (selection.failed_only && (table || reduced)) {
    usage(fmt::format("--failed and {} exclude each other; ask twice", table ? "--table" : "--reduced"));
  }
}

void check(const ResultsCommand& command, bool csv, bool json, bool out, bool err) {
  const SelectionOptions& selection = command.selection;
  if (csv && json) usage("--csv and --json exclude each other");
  if (out && err) usage("--stdout and --stderr exclude each other; ask twice");
  if ((out || err) && !command.unit) usage("--stdout and --stderr need --unit N");
  if ((out || err) && (csv || json)) usage("--stdout and --stderr give raw bytes: leave out --csv and --json");
  if (selection.failed_only && command.unit) usage("--failed and --unit exclude each other");
  if (command.unit && (!selection.where.empty() || selection.slow || selection.limit)) {
    usage("--unit names one unit: leave out --where, --slow and --limit");
  }
  if (command.unit && !selection.reduced.empty())
    usage("--unit and --reduced exclude each other: a value is of a stage");
  check_syntax(selection);
}

std::vector<std::string> names_in(const std::string& list) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    if (end == at) usage(fmt::format("--only: a name is missing in '{}': --only unit,seconds", for_message(list, 60)));
    names.push_back(list.substr(at, end - at));
    at = end + 1;
  }
  return names;
}

Command parse_results(const Words& words) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
  ResultsCommand command;
  bool csv = false, json = false, out = false, err = false;
  std::string unit, limit, only, slow = "10";
  Parser parser("kiln results", results_usage(), results_footer());
  CLI::App& app = parser.app();
  add_filters(app, command.selection);
  const CLI::Option* const slowest =
      app.add_option("--slow", slow, "those that took longest, longest first (default 10)")
          ->option_text("[N]")
          ->expected(0, 1)
          ->group("Which units")
          ->take_last();
  app.add_option("--limit", limit, "at most so many")->option_text("N")->group("Which units")->take_last();
  app.add_option("--unit", unit, "only this unit (default: all)")->option_text("N")->group("Which units")->take_last();
  app.add_option("--only", only, "only these columns, with commas between")
      ->option_text("NAMES")
      ->group("What of them")
      ->take_last();
  app.add_flag("--stdout", out, "with --unit: the bytes of its standard output")->group("What of them");
  app.add_flag("--stderr", err, "with --unit: the bytes of its standard error")->group("What of them");
  ProgramWords program;
  add_program_options(app, command.selection, program);
  app.add_flag("--csv", csv, "comma-separated values (RFC 4180) (default: a table)")->group("Showing");
  app.add_flag("--json", json, "one JSON object a line")->group("Showing");
  const auto rest = parser.parse(words, Options::anywhere);
  if (!rest) return parser.help();
  if (!unit.empty()) command.unit = count_value("--unit", unit, 0, kMost);
  if (!limit.empty()) command.selection.limit = count_value("--limit", limit, 0, kMost);
  if (slowest->count() != 0) command.selection.slow = count_value("--slow", slow.empty() ? "10" : slow, 0, kMost);
  if (!only.empty()) command.selection.only = names_in(only);
  take_program_words(program, command.selection);
  check(command, csv, json, out, err);
  command.directory = only_directory(*rest, "kiln results");
  command.format = csv    ? ResultsCommand::Format::csv
                   : json ? ResultsCommand::Format::json
                          : ResultsCommand::Format::table;
  command.stream = out ? ResultsCommand::Stream::out : err ? ResultsCommand::Stream::err : ResultsCommand::Stream::none;
  return command;
}

Command parse_doctor(const Words& words) {
  DoctorCommand command;
  bool no_run = false;
  Parser parser("kiln doctor", doctor_usage(), doctor_footer());
  parser.app().add_flag("--no-run", no_run, "leave out the test run")->group("What is looked at");
  parser.app().add_flag("--json", command.json, "one JSON object, for programs")->group("Showing");
  const auto rest = parser.parse(words, Options::anywhere);
  if (!rest) return parser.help();
  if (rest->size() > 1) usage(fmt::format("one directory at a time, but there are {} words", rest->size()));
  if (!rest->empty() && rest->front().empty()) usage("the name of the directory is empty: kiln doctor DIR");
  if (!rest->empty()) command.directory = rest->front();
  command.trial = !no_run;
  return command;
}

void check(const ExportCommand& command) {
  if (command.csv.empty() && command.json.empty() && command.joblog.empty() && command.hdf5.empty() &&
      command.output_dir.empty()) {
    usage(
        "nothing to write: give --csv, --json, --joblog, --hdf5 or --output-dir; kiln export --csv tasks.csv "
        "tasks.kiln");
  }
  if (command.hdf5 == "-") usage("--hdf5 needs a file: HDF5 cannot be written into a pipe");
  if (command.output_dir == "-")
    usage("--output-dir needs a directory; on standard output: kiln results --unit N --stdout");
  const auto to_output = {command.csv == "-", command.json == "-", command.joblog == "-"};
  if (std::count(to_output.begin(), to_output.end(), true) > 1) {
    usage("only one of --csv, --json and --joblog can go to standard output");
  }
  check_syntax(command.selection);
}

Command parse_export(const Words& words) {
  ExportCommand command;
  Parser parser("kiln export", export_usage(), export_footer());
  CLI::App& app = parser.app();
  const auto target = [&app](const char* name, std::string& value, const char* shown, const char* text) {
    app.add_option(name, value, text)->option_text(shown)->group("What is written (one or several)")->take_last();
  };
  target("--csv", command.csv, "FILE", "comma-separated values, as of kiln results --csv;\n-: to standard output");
  target("--json", command.json, "FILE", "a JSON object a line, as of kiln results --json;\n-: to standard output");
  target("--joblog", command.joblog, "FILE", "GNU Parallel's joblog; -: to standard output");
  target("--hdf5", command.hdf5, "FILE", "a results.h5 of what is committed");
  target("--output-dir", command.output_dir, "DIR", "two files a unit: 000017.out, 000017.err");
  add_filters(app, command.selection);
  ProgramWords program;
  add_program_options(app, command.selection, program);
  app.add_flag("--force", command.force, "replace files that are there")->group("Writing");
  const auto rest = parser.parse(words, Options::anywhere);
  if (!rest) return parser.help();
  take_program_words(program, command.selection);
  check(command);
  command.directory = only_directory(*rest, "kiln export --csv tasks.csv");
  return command;
}

Command parse_top(const std::string& word) {
  if (word == "--version" || word == "-V") return ShowText{args::version_text(), std::nullopt};
  if (word == "--help" || word == "-h") return ShowText{top_help(), std::nullopt};
  Words known = command_names();
  known.insert(known.end(), {"--version", "--help"});
  const std::string meant = did_you_mean(word, known);
  usage(fmt::format("there is no command '{}'.{} All there are: kiln --help", for_message(word, 60), meant));
}

}  // namespace

Command parse_command_line(const std::vector<std::string>& arguments) {
  if (arguments.empty()) usage("a command is missing\n\n" + top_help());
  const std::string& name = arguments.front();
  const Words words(arguments.begin() + 1, arguments.end());
  if (name == "run") return parse_run(words);
  if (name == "retry") return parse_retry(words);
  if (name == "status") return parse_status(words);
  if (name == "results") return parse_results(words);
  if (name == "export") return parse_export(words);
  if (name == "doctor") return parse_doctor(words);
  if (name == "slurm") return parse_slurm(words);
  if (name == "help") return help_command(words);
  if (name == "completion") return completion_command(words);
  return parse_top(name);
}

}  // namespace kiln::cli
